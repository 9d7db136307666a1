// The client's body with the few fields changed that are the gateway's business: which model, usage always, no more output than
// the hold covers.
import { fieldText, patchBody, USUAL_MAX_TOKENS } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import { limitPerChoice, streamOptions } from "../openai-chat/patch.ts";

export function patchCompletion(waybill: Waybill, body: Uint8Array): Uint8Array {
  const { spans, insertAt, bodyIsEmpty: isEmpty, stream, maxOutputTokens } = waybill;
  const fields = new Map([["model", JSON.stringify(waybill.target?.upstreamModel ?? "")]]);
  if (stream) fields.set("stream_options", streamOptions(fieldText(body, spans, "stream_options")));
  const said = fieldText(body, spans, "max_tokens") ?? "null";
  if (maxOutputTokens > 0n) fields.set("max_tokens", String(limitPerChoice(waybill)));
  // Not every provider knows the API's own limit: without one, some go on until the context window is full.
  else if (said === "null") fields.set("max_tokens", String(USUAL_MAX_TOKENS));
  return patchBody(body, { spans, insertAt, isEmpty }, fields);
}
