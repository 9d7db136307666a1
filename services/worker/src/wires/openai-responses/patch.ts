// The client's Responses body with the few fields changed that are the gateway's business: which model, no more output than the
// hold covers, and no thoughts of another provider, which OpenAI would refuse the whole request for.
import { fieldText, isSealedHere, mayHoldSealedHere, patchBody } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";

export function patchResponses(waybill: Waybill, body: Uint8Array): Uint8Array {
  const fields = new Map([["model", JSON.stringify(waybill.target?.upstreamModel ?? "")]]);
  if (waybill.maxOutputTokens > 0n) fields.set("max_output_tokens", String(waybill.maxOutputTokens));
  const { spans, insertAt, bodyIsEmpty: isEmpty } = waybill;
  const input = mayHoldSealedHere(body) ? withoutSealedHere(fieldText(body, spans, "input")) : undefined;
  if (input !== undefined) fields.set("input", input);
  return patchBody(body, { spans, insertAt, isEmpty }, fields);
}

/** Undefined: it may stay as it is. */
function withoutSealedHere(text: string | undefined): string | undefined {
  const input: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!Array.isArray(input)) return undefined;
  const kept = input.filter((item) => !isSealedHere(item));
  return kept.length === input.length ? undefined : JSON.stringify(kept);
}
