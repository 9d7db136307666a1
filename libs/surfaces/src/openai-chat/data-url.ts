// `data:` URLs, as OpenAI's surfaces carry pictures and files; any other URL is one that the provider fetches itself.
import type { MediaSource } from "../conversation/conversation.ts";
import { invalid } from "../read-fields.ts";

const DATA_URL = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)(?:;[a-z0-9-]+=[^;,]*)*;base64,/i;

/** Throws WaybillError invalid_value for `param` that is neither in base64 nor on the web. */
export function readDataUrl(url: string, param: string): MediaSource {
  if (!url.startsWith("data:")) {
    if (/^https?:\/\//.test(url)) return { kind: "url", url };
    throw invalid(param, "a data: URL in base64, or an https URL");
  }
  // Only the head is matched: the rest may be megabytes.
  const match = DATA_URL.exec(url.slice(0, 256));
  if (!match?.[1]) throw invalid(param, "a data: URL in base64 with its media type");
  return { kind: "inline", mediaType: match[1].toLowerCase(), base64: url.slice(match[0].length) };
}

export function toDataUrl(source: MediaSource): string {
  return source.kind === "url" ? source.url : `data:${source.mediaType};base64,${source.base64}`;
}
