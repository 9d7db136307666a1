// Exact percentiles of samples; they are few enough to be sorted.

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest rank. All NaN where there are no samples. */
export function percentiles(samples: readonly Float64Array[]): Percentiles {
  const count = samples.reduce((sum, { length }) => sum + length, 0);
  const sorted = new Float64Array(count);
  let at = 0;
  for (const part of samples) {
    sorted.set(part, at);
    at += part.length;
  }
  sorted.sort();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? Number.NaN;
  return { count, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) };
}

/** What `through` has more than `direct`: a difference of percentiles, not the percentile of a difference. */
export function added(through: Percentiles, direct: Percentiles): Percentiles {
  return {
    count: through.count,
    p50: through.p50 - direct.p50,
    p90: through.p90 - direct.p90,
    p99: through.p99 - direct.p99,
    max: through.max - direct.max,
  };
}
