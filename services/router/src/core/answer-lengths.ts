// How long answers get, per route and model, as workers tell it: what a budget that is not hard holds for one.
import { ANSWER_LENGTH_BUCKETS, longestOfBucket } from "@waybill/domain";
import type { AnswerLengths as LengthFigures } from "@waybill/wire";

/** Fewer answers than this say nothing: two of two hundred are the hundredth part. */
const ANSWERS_MIN = 200;
/** Of a hundred answers, so many stay within what is held. */
const WITHIN_PERCENT = 99;
/** Answers count for one to two of these. */
const GENERATION_MS = 30 * 60_000;
/** Pairs of route and model beyond this many are not learnt. */
const PAIRS_MAX = 2_000;

interface Pair {
  current: Uint32Array;
  previous: Uint32Array;
  /** What was found last; undefined: too few answers. `isStale` once more answers came. */
  usual: bigint | undefined;
  isStale: boolean;
}

export class AnswerLengths {
  readonly #pairs = new Map<string, Pair>();
  #generation = 0;

  /** What a worker counted since it last said so. Buckets that do not exist are left out. */
  heard({ route, provider, model, buckets, counts }: LengthFigures, monotonicMs: number): void {
    this.#age(monotonicMs);
    const pair = this.#pairOf(keyOf(route, `${provider}/${model}`));
    if (!pair) return;
    buckets.forEach((bucket, index) => {
      const known = pair.current[bucket];
      if (known !== undefined) pair.current[bucket] = known + (counts[index] ?? 0);
    });
    pair.isStale = true;
  }

  /** What 99 of 100 answers of this model on this route stayed within, in output tokens of one choice; undefined: not known yet. */
  usualOutputTokens(route: string, modelId: string, monotonicMs: number): bigint | undefined {
    this.#age(monotonicMs);
    const pair = this.#pairs.get(keyOf(route, modelId));
    if (!pair) return undefined;
    if (pair.isStale) pair.usual = usualOf(pair);
    pair.isStale = false;
    return pair.usual;
  }

  #pairOf(key: string): Pair | undefined {
    const known = this.#pairs.get(key);
    if (known || this.#pairs.size >= PAIRS_MAX) return known;
    const pair = { current: noCounts(), previous: noCounts(), usual: undefined, isStale: true };
    this.#pairs.set(key, pair);
    return pair;
  }

  /** Begins a new generation when it is time; what came to nothing in two of them is forgotten. */
  #age(monotonicMs: number): void {
    const generation = Math.floor(monotonicMs / GENERATION_MS);
    const passed = generation - this.#generation;
    if (passed <= 0) return;
    this.#generation = generation;
    for (const [key, pair] of this.#pairs) {
      pair.previous = passed === 1 ? pair.current : noCounts();
      pair.current = noCounts();
      pair.isStale = true;
      if (pair.previous.every((count) => count === 0)) this.#pairs.delete(key);
    }
  }
}

function usualOf({ current, previous }: Pair): bigint | undefined {
  let total = 0;
  for (let bucket = 0; bucket < ANSWER_LENGTH_BUCKETS; bucket += 1) total += countOf(current, previous, bucket);
  if (total < ANSWERS_MIN) return undefined;
  const wanted = Math.ceil((total * WITHIN_PERCENT) / 100);
  let within = 0;
  for (let bucket = 0; bucket < ANSWER_LENGTH_BUCKETS; bucket += 1) {
    within += countOf(current, previous, bucket);
    if (within >= wanted) return longestOfBucket(bucket);
  }
  return undefined;
}

function countOf(current: Uint32Array, previous: Uint32Array, bucket: number): number {
  return (current[bucket] ?? 0) + (previous[bucket] ?? 0);
}

function noCounts(): Uint32Array {
  return new Uint32Array(ANSWER_LENGTH_BUCKETS);
}

function keyOf(route: string, modelId: string): string {
  return `${route}\u0000${modelId}`;
}
