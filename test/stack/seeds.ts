// Seeds of fault tests: one in CI, all that WAYBILL_FAULT_SEEDS asks for in `npm run fault`; printed, so that a failure can be
// replayed. And how much shorter than in earnest they wait.

/** Seeds of one run: every one of them takes seconds to minutes. */
const SEEDS_MAX = 100_000;
const SCALE_IN_CI = 10;
/** Shorter waits could not be told from a busy machine. */
const SCALE_MAX = 20;

/** The seeds to run a scenario with; `countInCi`: where nobody says which. */
export function faultSeeds(countInCi = 1): number[] {
  return seedsOf(process.env.WAYBILL_FAULT_SEEDS || String(countInCi));
}

/** A number alone is how many: "20" is 1 to 20. A list is the seeds themselves: "3,7", "5-9,12", and "17-17" for one. */
export function seedsOf(given: string): number[] {
  if (/^\d+$/.test(given)) return range(given, 1, Number(given));
  return given.split(",").flatMap((part) => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    return range(given, Number(from), Number(to));
  });
}

function range(given: string, from: number, to: number): number[] {
  const count = to - from + 1;
  if (count >= 1 && count <= SEEDS_MAX) return Array.from({ length: count }, (_, index) => from + index);
  throw new Error(`WAYBILL_FAULT_SEEDS must be how many, such as 20, or the seeds, such as 3,5-9, not ${given}`);
}

/** By what the long waits of a scenario are divided: CI cannot wait for minutes. `npm run fault` sets 1, the real ones. */
export function faultScale(): number {
  const given = process.env.WAYBILL_FAULT_SCALE || String(SCALE_IN_CI);
  const scale = Number(given);
  if (Number.isInteger(scale) && scale >= 1 && scale <= SCALE_MAX) return scale;
  throw new Error(`WAYBILL_FAULT_SCALE must be a whole number from 1 to ${SCALE_MAX}, not ${given}`);
}

export interface SeededRandom {
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: small, and the same everywhere. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    between,
    pick(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
  };
}
