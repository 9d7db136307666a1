// What was spent, as it is asked: by what, when, of whom.

/** What spend can be grouped by and filtered with. Times are of the request, in UTC. */
export const SPEND_FIELDS = [
  ...(["organisation", "team", "cost_centre", "user", "key", "environment"] as const),
  ...(["route", "provider", "account", "model", "outcome", "hour", "day", "month"] as const),
] as const;
export type SpendField = (typeof SPEND_FIELDS)[number];
export const TIME_FIELDS: readonly SpendField[] = ["hour", "day", "month"];

export interface SpendQuestion {
  /** Empty: of all. */
  organisationId: string;
  by: readonly SpendField[];
  /** Unix milliseconds of whole hours; `untilMs` is exclusive. */
  fromMs: number;
  untilMs: number;
  /** Ids; for a model <provider>/<model>. */
  where: ReadonlyMap<SpendField, string>;
  isSimulated: boolean;
  limit: number;
}

/** Nobody needs hours for longer, and sums by day are enough for the rest. */
export const HOURS_MS_MAX = 35 * 86_400_000;

/** Whether sums by day answer it: they are fewer, and stay when a month's entries are dropped. */
export function isAnsweredByDays({ by, fromMs, untilMs }: SpendQuestion): boolean {
  if (by.includes("hour")) return false;
  return untilMs - fromMs > HOURS_MS_MAX || (fromMs % DAY_MS === 0 && untilMs % DAY_MS === 0);
}
const DAY_MS = 86_400_000;
