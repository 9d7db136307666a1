// The client's body with the few fields changed that are the gateway's business: which model, usage always, no more output
// than the hold covers.
import { fieldText, patchBody } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";

/** OpenAI's reasoning models refuse `max_tokens`. https://platform.openai.com/docs/guides/reasoning */
const WANTS_MAX_COMPLETION_TOKENS = /^(?:o[1-9]|gpt-[5-9]|codex)/;

export function patchChat(waybill: Waybill, body: Uint8Array): Uint8Array {
  const upstreamModel = waybill.target?.upstreamModel ?? "";
  const fields = new Map([["model", JSON.stringify(upstreamModel)]]);
  if (waybill.stream) fields.set("stream_options", streamOptions(fieldText(body, waybill.spans, "stream_options")));
  if (waybill.maxOutputTokens > 0n) {
    for (const name of limitFields(waybill, upstreamModel)) fields.set(name, String(limitPerChoice(waybill)));
  }
  const { spans, insertAt, bodyIsEmpty: isEmpty } = waybill;
  return patchBody(body, { spans, insertAt, isEmpty }, fields);
}

/** The client's own options survive; only usage is asked for in any case. */
export function streamOptions(given: string | undefined): string {
  const options: unknown = given === undefined ? undefined : JSON.parse(given);
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  return JSON.stringify({ ...(isObject ? options : {}), include_usage: true });
}

/** Whichever of the two the client used, both where it used both; otherwise the one that the model takes. */
function limitFields(waybill: Waybill, upstreamModel: string): string[] {
  const used = ["max_completion_tokens", "max_tokens"].filter((name) =>
    waybill.spans.some((span) => span.name === name),
  );
  return used.length > 0 ? used : [limitField(upstreamModel)];
}

/** The field that the model takes its limit in. */
export function limitField(upstreamModel: string): "max_completion_tokens" | "max_tokens" {
  return WANTS_MAX_COMPLETION_TOKENS.test(upstreamModel) ? "max_completion_tokens" : "max_tokens";
}

/** The waybill's limit is for all choices together, the body's for each. */
export function limitPerChoice({ maxOutputTokens, choiceCount }: Waybill): bigint {
  const perChoice = maxOutputTokens / BigInt(Math.max(1, choiceCount));
  return perChoice > 0n ? perChoice : 1n;
}
