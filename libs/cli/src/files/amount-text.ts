// Amounts and windows as people type them: 500usd, 1000000tokens, rolling:24h.

const AMOUNT = /^(\d{1,22}(?:\.\d{1,30})?)\s*(usd|tokens|requests)$/i;
const SPAN = /^(\d{1,9})([smhd])$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const LENGTHS = /^(fixed|rolling)[: ](.+)$/;

export const AMOUNT_HELP = "an amount with its unit, like 500usd, 12.50usd, 1000000tokens or 1000requests";
export const WINDOW_HELP =
  "day, week, month, quarter, year, total, or with a length: fixed:1h, rolling:24h, rolling:30d";

/** Undefined: it is none. */
export function readAmount(text: string): { limit: string; unit: string } | undefined {
  const [, limit, unit] = AMOUNT.exec(text.trim()) ?? [];
  return limit === undefined || unit === undefined ? undefined : { limit, unit: unit.toLowerCase() };
}

/** Undefined: it is none. */
export function readWindow(text: string): { kind: string; seconds: number | null } | undefined {
  const [, kind, length] = LENGTHS.exec(text.trim()) ?? [];
  if (kind === undefined) {
    return /^(day|week|month|quarter|year|total)$/.test(text.trim()) ? { kind: text.trim(), seconds: null } : undefined;
  }
  const [, count = "", unit = ""] = SPAN.exec(length ?? "") ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  return seconds > 0 ? { kind, seconds } : undefined;
}
