// How long answers took, in buckets that are 5 % apart: enough for an estimate, and the same few hundred numbers for millions of answers.
const STEP = Math.log(1.05);
/** Longer than any attempt may live. */
const BUCKETS_MAX = 400;

export class Durations {
  readonly #buckets = new Float64Array(BUCKETS_MAX);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    const bucket = Math.min(BUCKETS_MAX - 1, Math.ceil(Math.log(Math.max(1, ms)) / STEP));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** As if `count` answers had taken as long as those of `other`, which has some. */
  mix(other: Durations, count: number): void {
    const weight = count / other.#total;
    for (let bucket = 0; bucket < BUCKETS_MAX; bucket += 1) {
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (other.#buckets[bucket] ?? 0) * weight;
    }
    this.#total += count;
  }

  /** So long at most took that share of them, to 5 %; 0: there are none. */
  quantile(share: number): number {
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS_MAX; bucket += 1) {
      below += this.#buckets[bucket] ?? 0;
      if (below > 0 && below >= share * this.#total - 1e-9) return Math.round(Math.exp(bucket * STEP));
    }
    return 0;
  }
}
