// Seeds of fault tests: one in CI, all of WAYBILL_FAULT_SEEDS ("1,2,3" or "1-20") in `npm run fault`. Printed, so that a
// failure can be replayed.

/** The seeds to run a scenario with. */
export function faultSeeds(): number[] {
  const given = process.env.WAYBILL_FAULT_SEEDS ?? "1";
  return given.split(",").flatMap((part) => {
    const [from, to = from] = part.split("-").map(Number);
    if (from === undefined || to === undefined || !Number.isInteger(from) || !Number.isInteger(to)) {
      throw new Error(`WAYBILL_FAULT_SEEDS must look like 1,2,5-9, not ${given}`);
    }
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
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
