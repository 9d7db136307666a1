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
  /** Unix milliseconds, whole as `wholeTime` makes them; `untilMs` is exclusive. */
  fromMs: number;
  untilMs: number;
  /** Ids; for a model <provider>/<model>. */
  where: ReadonlyMap<SpendField, string>;
  isSimulated: boolean;
  limit: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Nobody needs hours for longer, and sums by day are enough for the rest. */
export const HOURS_MS_MAX = 35 * DAY_MS;
/** Sums by hour are dropped with their month, and no month is dropped before. */
export const HOURS_KEPT_MS = 390 * DAY_MS;

/** The time that is answered: whole hours that it touches, or whole UTC days where it is long or long ago. */
export function wholeTime(fromMs: number, untilMs: number, nowMs: number): { fromMs: number; untilMs: number } {
  const isByDays = untilMs - fromMs > HOURS_MS_MAX || fromMs < nowMs - HOURS_KEPT_MS;
  const unitMs = isByDays ? DAY_MS : HOUR_MS;
  return { fromMs: Math.floor(fromMs / unitMs) * unitMs, untilMs: Math.ceil(untilMs / unitMs) * unitMs };
}

/** Whether sums by day answer it: they are fewer, and stay when a month's entries are dropped. */
export function isAnsweredByDays({ by, fromMs, untilMs }: SpendQuestion): boolean {
  return !by.includes("hour") && fromMs % DAY_MS === 0 && untilMs % DAY_MS === 0;
}
