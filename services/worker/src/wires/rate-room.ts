// What a provider says of its own rate limits with each answer: whether a limit is used up, and for how long it is best left alone, so
// that it need not refuse. OpenAI's headers, which many others send too, and Anthropic's.

type Header = (name: string) => string;

const OPENAI_UNITS = ["requests", "tokens"];
const ANTHROPIC_UNITS = ["requests", "tokens", "input-tokens", "output-tokens"];
/** A limit with less left than this part of it is used up, and is left alone until about so much has flowed back. */
const LITTLE = 0.01;
const ENOUGH = 0.05;
/** A limit that is reset at once by the day is no reason to wait for a day. */
const PAUSE_MS_MAX = 30_000;
const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; 0: there is room, or nothing is said. */
export function usedUpMs(header: Header, nowUnixMs: number): number {
  let longest = 0;
  for (const unit of OPENAI_UNITS) {
    const said = (what: string): string => header(`x-ratelimit-${what}-${unit}`);
    longest = Math.max(longest, pauseMs(said("limit"), said("remaining"), durationMs(said("reset"))));
  }
  for (const unit of ANTHROPIC_UNITS) {
    const said = (what: string): string => header(`anthropic-ratelimit-${unit}-${what}`);
    longest = Math.max(longest, pauseMs(said("limit"), said("remaining"), Date.parse(said("reset")) - nowUnixMs));
  }
  return longest;
}

function pauseMs(limitText: string, remainingText: string, resetMs: number): number {
  if (!/^\d{1,15}$/.test(limitText) || !/^\d{1,15}$/.test(remainingText) || !(resetMs > 0)) return 0;
  const [limit, remaining] = [Number(limitText), Number(remainingText)];
  if (limit === 0 || remaining > limit * LITTLE) return 0;
  return Math.min(PAUSE_MS_MAX, Math.ceil(resetMs * Math.max(ENOUGH, 1 / limit)));
}

/** As Go writes durations: 12ms, 1.5s, 6m0s. NaN for anything else. */
function durationMs(text: string): number {
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h|d))+$/.test(text)) return Number.NaN;
  let sum = 0;
  for (const [, count, unit = ""] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g))
    sum += Number(count) * (DURATION_MS[unit] ?? 0);
  return sum;
}
