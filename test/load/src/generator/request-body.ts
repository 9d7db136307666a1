// A chat request of an exact size.

import type { RequestShape } from "./jobs.ts";

/** Throws RangeError where the size leaves no room for a message. */
export function requestBody(model: string, { stream, bodyBytes, maxTokens }: RequestShape): Buffer {
  const fields = { model, max_tokens: maxTokens, ...(stream && { stream, stream_options: { include_usage: true } }) };
  const withText = (content: string): string => JSON.stringify({ ...fields, messages: [{ role: "user", content }] });
  const room = bodyBytes - Buffer.byteLength(withText(""));
  if (room < 1) throw new RangeError(`a request cannot be as small as ${bodyBytes} bytes`);
  return Buffer.from(withText("all work and no play ".repeat(Math.ceil(room / 21)).slice(0, room)));
}
