// The client's Messages body with the few fields changed that are the gateway's business: which model, and no more output than
// the hold covers.
import { patchBody } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";

export function patchMessages(waybill: Waybill, body: Uint8Array): Uint8Array {
  const fields = new Map([["model", JSON.stringify(waybill.target?.upstreamModel ?? "")]]);
  if (waybill.maxOutputTokens > 0n) fields.set("max_tokens", String(waybill.maxOutputTokens));
  const { spans, insertAt, bodyIsEmpty: isEmpty } = waybill;
  return patchBody(body, { spans, insertAt, isEmpty }, fields);
}
