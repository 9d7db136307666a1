// When a webhook is told again, and when it is given up.

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** After the first try, the second, and so on: about a day in all. */
const WAITS_MS = [
  SECOND_MS,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  7 * HOUR_MS,
  12 * HOUR_MS,
];
const GONE = 410;

/** What became of one try: an HTTP status, or a word for why there is none. */
export type WebhookAnswer = number | string;

/** `retry`: after so long, `chance` (0 to 1) spreading it by a fifth either way. */
export type NextTry = { kind: "delivered" } | { kind: "retry"; afterMs: number } | { kind: "given_up" };

/** `tries`: with this one. Whoever answers 410 Gone wants to hear no more of it. */
export function nextTry(tries: number, answer: WebhookAnswer, chance: number): NextTry {
  if (typeof answer === "number" && answer >= 200 && answer < 300) return { kind: "delivered" };
  const waitMs = WAITS_MS[tries - 1];
  if (waitMs === undefined || answer === GONE) return { kind: "given_up" };
  return { kind: "retry", afterMs: Math.round(waitMs * (0.8 + 0.4 * chance)) };
}
