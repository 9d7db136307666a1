// How fast a budget is spent, and when it would be used up. Amounts are in the budget's unit; integers only.

const HOUR_MS = 3_600_000;
/** A projection further ahead says nothing. */
const HORIZON_MS = 30 * 24 * HOUR_MS;
const USUAL_FROM_HOURS = 12;

/** What was posted in the last minutes, net of corrections. */
export interface Spend {
  last5Min: bigint;
  lastHour: bigint;
  last6Hours: bigint;
  /** Of the day before the last hour the hour that spent most, and how many whole hours of that day are known. */
  busiestHourBefore: bigint;
  hoursKnown: number;
}

/** Amounts an hour. */
export interface BurnRates {
  by5Min: bigint;
  by1Hour: bigint;
  by6Hours: bigint;
}

export const NO_SPEND: Spend = {
  ...{ last5Min: 0n, lastHour: 0n, last6Hours: 0n, busiestHourBefore: 0n, hoursKnown: 0 },
};

/** Rounded down; corrections that outweigh what was spent are no burn. */
export function burnRates({ last5Min, lastHour, last6Hours }: Spend): BurnRates {
  return {
    by5Min: atLeastZero(last5Min * 12n),
    by1Hour: atLeastZero(lastHour),
    by6Hours: atLeastZero(last6Hours / 6n),
  };
}

/** What a budget burns in its busiest hour; undefined: less than half a day is known. An average would call each morning odd. */
export function usualPerHour({ busiestHourBefore, hoursKnown }: Spend): bigint | undefined {
  return hoursKnown < USUAL_FROM_HOURS ? undefined : atLeastZero(busiestHourBefore);
}

/** When nothing is left at that rate, in Unix milliseconds; undefined: not before the window ends, nor within 30 days. */
export function exhaustedAtMs(
  left: bigint,
  perHour: bigint,
  nowMs: number,
  windowEndsAtMs: number | undefined,
): number | undefined {
  if (left <= 0n || perHour <= 0n) return undefined;
  const inMs = (left * BigInt(HOUR_MS)) / perHour;
  if (inMs > BigInt(HORIZON_MS)) return undefined;
  const atMs = Math.floor(nowMs) + Number(inMs);
  return windowEndsAtMs !== undefined && atMs >= windowEndsAtMs ? undefined : atMs;
}

function atLeastZero(amount: bigint): bigint {
  return amount < 0n ? 0n : amount;
}
