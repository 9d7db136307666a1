// How long a simulated model takes: a first token after a while, then tokens at a steady pace with some jitter.

import { seededRandom } from "./seeded-random.ts";

export interface Pace {
  readonly firstTokenMsMin: number;
  readonly firstTokenMsMax: number;
  readonly tokensPerSecond: number;
}

/** A gap is up to this share shorter or longer than the pace says. */
const GAP_JITTER = 0.3;

/** The waits before each of `tokens` tokens, in milliseconds; the same for the same seed. */
export function tokenWaitsMs(pace: Pace, tokens: number, seed: number): number[] {
  const random = seededRandom(seed);
  const gapMs = 1_000 / pace.tokensPerSecond;
  const firstMs = pace.firstTokenMsMin + random() * (pace.firstTokenMsMax - pace.firstTokenMsMin);
  return Array.from({ length: tokens }, (_, index) =>
    index === 0 ? firstMs : gapMs * (1 + GAP_JITTER * (2 * random() - 1)),
  );
}
