// Windows in seconds, for shapes that have no calendar.
import type { LimitNode } from "../document/route-document.ts";
import type { Notes } from "./notes.ts";

const DAY_SECONDS = 86_400;
const CALENDAR_SECONDS = {
  day: DAY_SECONDS,
  week: 7 * DAY_SECONDS,
  month: 30 * DAY_SECONDS,
  quarter: 90 * DAY_SECONDS,
  year: 365 * DAY_SECONDS,
} as const;
/** The longest window a limit may have: ten years. */
const TOTAL_SECONDS = 315_360_000;

export function windowSeconds({ id, window }: LimitNode, notes: Notes): number {
  if (window.kind === "fixed") return window.seconds;
  if (window.kind === "total") {
    notes.warn(id, "window", `has no end, which cannot be said; ${TOTAL_SECONDS} seconds stand there`);
    return TOTAL_SECONDS;
  }
  const seconds = CALENDAR_SECONDS[window.period];
  notes.warn(
    id,
    "window",
    `is a ${window.period} of the calendar, which cannot be said; ${seconds} seconds stand there`,
  );
  return seconds;
}
