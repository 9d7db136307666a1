// What refusals have in common, whichever format they come in: texts made safe to pass on, and how long to wait.

/** Longer messages are cut; nobody reads them, and a prompt may be quoted in them. */
const MESSAGE_CHARACTERS_MAX = 500;
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** One line of at most `charactersMax`; empty for what is neither text nor number. */
export function cleanText(given: unknown, charactersMax = MESSAGE_CHARACTERS_MAX): string {
  if (typeof given !== "string" && typeof given !== "number") return "";
  const plain = String(given)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax)}…` : plain;
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date; 0: not said. At most an hour. */
export function retryAfterMs(header: (name: string) => string, nowUnixMs: number): number {
  const ms = Number(header("retry-after-ms") || Number.NaN);
  const text = header("retry-after");
  const seconds = Number(text || Number.NaN);
  const wanted = Number.isFinite(ms) ? ms : Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - nowUnixMs;
  return Number.isFinite(wanted) ? Math.round(Math.min(Math.max(wanted, 0), RETRY_AFTER_MS_MAX)) : 0;
}
