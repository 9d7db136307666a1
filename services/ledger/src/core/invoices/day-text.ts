// UTC days of invoices, from what exports write: ISO times, BigQuery's, Azure's dates and Unix seconds. No clock and no time zone of ours.

/** "2026-10-03" from a time as exports write it; undefined: none, or not in UTC. */
export function dayOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^\d{9,11}(\.0+)?$/.test(trimmed)) return dayOfSeconds(Number.parseInt(trimmed, 10));
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(trimmed);
  if (american) return checked(american[3], american[1], american[2]);
  const [, year, month, date, rest = ""] = /^(\d{4})-(\d{2})-(\d{2})(.*)$/.exec(trimmed) ?? [];
  return isUtc(rest) ? checked(year, month, date) : undefined;
}

/** Nothing, or a time of day that says UTC or no zone at all, as the vendors' own exports do. */
function isUtc(rest: string): boolean {
  return /^([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)? ?(Z|UTC|[+-]00(:?00)?)?$/.test(rest);
}

function checked(year = "", month = "", date = ""): string | undefined {
  const [y, m, d] = [Number(year), Number(month), Number(date)];
  if (y < 2020 || y > 2099 || m < 1 || m > 12 || d < 1 || d > daysOf(y, m)) return undefined;
  return `${year}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}`;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** By days since 1970-01-01: counted forward from 2020, because invoices are of this century. */
function dayOfSeconds(seconds: number): string | undefined {
  let days = Math.floor(seconds / 86_400) - 18_262;
  if (days < 0) return undefined;
  for (let year = 2020; year <= 2099; year += 1) {
    for (let month = 1; month <= 12; month += 1) {
      const length = daysOf(year, month);
      if (days < length) return checked(String(year), String(month), String(days + 1));
      days -= length;
    }
  }
  return undefined;
}
