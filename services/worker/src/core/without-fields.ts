// An exchange with a provider that refuses some fields of OpenAI's: they are taken out of what is sent to it.
import { patchBody } from "@waybill/surfaces";
import type { Exchange, ProviderRequest } from "../providers/provider.ts";
import { takeOut } from "./take-out.ts";

/** A limit is never lost: what the hold covers depends on it. Its older name says the same, and gives way to it. */
const LIMIT = "max_completion_tokens";
const OLDER_LIMIT = "max_tokens";

/** `refused` are named to the client where they were there; `unnamed` are not. The same exchange where there are none. */
export function withoutFields(exchange: Exchange, refused: readonly string[], unnamed: readonly string[]): Exchange {
  if (refused.length === 0 && unnamed.length === 0) return exchange;
  return {
    request: (waybill, body) => trimmed(exchange.request(waybill, body), refused, unnamed),
    readStream: (waybill, nowUnixMs) => exchange.readStream(waybill, nowUnixMs),
    readAnswer: (body, waybill, nowUnixMs) => exchange.readAnswer(body, waybill, nowUnixMs),
    readRefusal: (refusal) => exchange.readRefusal(refusal),
    abortedCall: exchange.abortedCall,
  };
}

function trimmed(request: ProviderRequest, refused: readonly string[], unnamed: readonly string[]): ProviderRequest {
  const { buffer, byteOffset, byteLength } = request.body;
  const rest = takeOut(Buffer.from(buffer, byteOffset, byteLength), [...refused, ...unnamed]);
  if (!rest) return request;
  const { fields, value, insertAt } = rest;
  const dropped = rest.taken.filter((name) => refused.includes(name));
  let body: Uint8Array = rest.body;
  if (dropped.includes(LIMIT) && value[LIMIT] !== null) {
    const layout = { spans: [...fields.values()], insertAt, isEmpty: fields.size === 0 };
    body = patchBody(body, layout, new Map([[OLDER_LIMIT, JSON.stringify(value[LIMIT])]]));
  }
  const named = dropped.filter((name) => name !== LIMIT);
  return { ...request, body, droppedFields: [...new Set([...request.droppedFields, ...named])] };
}
