// What is left of rate limits, in the headers that each dialect's clients know.
import type { RateLeft } from "@waybill/domain";

/** `surface`: the dialect's name. */
export function rateLimitHeaders(limits: readonly RateLeft[], surface: string, unixMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { unit, limit, remaining, resetMs } of limits) {
    if (surface === "anthropic-messages") {
      const name = `anthropic-ratelimit-${unit}`;
      headers[`${name}-limit`] = String(limit);
      headers[`${name}-remaining`] = String(remaining);
      headers[`${name}-reset`] = new Date(Math.ceil((unixMs + resetMs) / 1_000) * 1_000)
        .toISOString()
        .replace(".000Z", "Z");
      continue;
    }
    headers[`x-ratelimit-limit-${unit}`] = String(limit);
    headers[`x-ratelimit-remaining-${unit}`] = String(remaining);
    headers[`x-ratelimit-reset-${unit}`] = durationText(resetMs);
  }
  return headers;
}

/** As OpenAI writes durations: 12ms, 1.5s, 6m0s, 1h0m30s. */
function durationText(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  if (seconds < 60) return `${seconds}s`;
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${whole % 60}s`;
}
