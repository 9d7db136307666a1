// An exchange with a provider that refuses some fields of OpenAI's: they are taken out of what is sent to it.
import { patchBody, removeField, scanBody } from "@waybill/surfaces";
import type { Exchange, ProviderRequest } from "../providers/provider.ts";

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
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  // Most bodies have none of them, and need not be read again.
  if (![...refused, ...unnamed].some((name) => hasName(bytes, name))) return request;
  const { fields, value, insertAt } = scanBody(bytes);
  const dropped = refused.filter((name) => fields.has(name));
  let rest: Parameters<typeof removeField>[0] = { body: bytes, fields };
  for (const name of [...dropped, ...unnamed]) rest = removeField(rest, name);
  let body: Uint8Array = rest.body;
  if (dropped.includes(LIMIT) && value[LIMIT] !== null) {
    const layout = { spans: [...rest.fields.values()], insertAt, isEmpty: rest.fields.size === 0 };
    body = patchBody(body, layout, new Map([[OLDER_LIMIT, JSON.stringify(value[LIMIT])]]));
  }
  const named = dropped.filter((name) => name !== LIMIT);
  return { ...request, body, droppedFields: [...new Set([...request.droppedFields, ...named])] };
}

const COLON = 0x3a;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Whether a field is so named, at any depth. A role of "user" is a value and none. */
export function hasName(bytes: Buffer, name: string): boolean {
  const quoted = `"${name}"`;
  for (let at = bytes.indexOf(quoted); at >= 0; at = bytes.indexOf(quoted, at + 1)) {
    let behind = at + quoted.length;
    while (SPACES.has(bytes[behind])) behind += 1;
    if (bytes[behind] === COLON) return true;
  }
  return false;
}
