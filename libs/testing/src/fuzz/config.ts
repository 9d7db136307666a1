// How long and from which seed fuzz tests run: `npm run fuzz -- --seed N --runs N` says it by two settings; in CI a few runs each.

const RUNS_IN_CI = 100;

/** Parameters for fast-check, which prints seed and path of what fails. Without a seed every run tries something else. */
export function fuzzParameters(runsInCi = RUNS_IN_CI): { numRuns: number; seed?: number } {
  const { WAYBILL_FUZZ_RUNS: runs, WAYBILL_FUZZ_SEED: seed } = process.env;
  return { numRuns: runs ? Number(runs) : runsInCi, ...(seed && { seed: Number(seed) }) };
}
