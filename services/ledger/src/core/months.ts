// Months of the books, as the text of their first day: "2026-11-01". Which one a request belongs to, and which one it is booked in.

const DAY_MS = 86_400_000;
let lastDay = Number.NaN;
let lastMonth = "";

/** First day of the month inside the request id, UTC: part of every key of the books. */
export function requestMonth({ requestedAtMs }: { requestedAtMs: number }): string {
  const day = Math.floor(requestedAtMs / DAY_MS);
  // Asked several times per fact, and nearly always about the same day.
  if (day !== lastDay) [lastDay, lastMonth] = [day, `${dateOfDay(day).slice(0, 7)}-01`];
  return lastMonth;
}

/** The first moment of the month, UTC, in which that time lies; Unix milliseconds. */
export function monthStartMs(timeMs: number): number {
  const day = Math.floor(timeMs / DAY_MS);
  const dayOfMonth = Number(dateOfDay(day).slice(-2));
  return (day - dayOfMonth + 1) * DAY_MS;
}

/** The first UTC day that begins at this time or later, as "2026-11-28". */
export function firstWholeDay(unixMs: number): string {
  return dateOfDay(Math.ceil(unixMs / DAY_MS));
}

/** By days since 1970-01-01, in the Gregorian calendar: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
function dateOfDay(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchBased = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchBased < 10 ? marchBased + 3 : marchBased - 9;
  const dayOfMonth = dayOfYear - Math.floor((153 * marchBased + 2) / 5) + 1;
  const name = monthName(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month);
  return `${name.slice(0, -2)}${String(dayOfMonth).padStart(2, "0")}`;
}

/** Where what belongs to `month` is booked: there, or where the books are closed until behind it, in the first month that is open. */
export function accountingMonth(month: string, closedUntil: string | undefined): string {
  return closedUntil !== undefined && month <= closedUntil ? nextMonth(closedUntil) : month;
}

export function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return number === 12 ? monthName(year + 1, 1) : monthName(year, number + 1);
}

function monthName(year: number, month: number): string {
  return `${year}-${String(month).padStart(2, "0")}-01`;
}
