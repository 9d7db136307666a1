// Amounts of budgets as people write them: money as decimal USD, tokens and requests as whole numbers.
import { formatUsd, parseUsd } from "@waybill/domain";
import { BudgetUnit } from "@waybill/wire";

export const UNITS = ["usd", "tokens", "requests"] as const;
export type UnitName = (typeof UNITS)[number];

const TO_WIRE: Readonly<Record<UnitName, BudgetUnit>> = {
  usd: BudgetUnit.UNSPECIFIED,
  tokens: BudgetUnit.TOKENS,
  requests: BudgetUnit.REQUESTS,
};
/** What a budget may be at most: 10^9 USD. */
const DIGITS_MAX = 21;

export function toWireUnit(unit: UnitName): BudgetUnit {
  return TO_WIRE[unit];
}

export function unitName(unit: BudgetUnit): UnitName {
  return UNITS.find((name) => TO_WIRE[name] === unit) ?? "usd";
}

/** In the unit's smallest part; else a sentence about what is wrong. Exact: nothing is rounded. */
export function parseAmount(unit: UnitName, text: string): bigint | string {
  if (unit !== "usd") {
    return new RegExp(`^\\d{1,${DIGITS_MAX + 1}}$`).test(text) ? BigInt(text) : `must be a whole number of ${unit}`;
  }
  const [, whole = "", fraction = ""] = /^(\d{1,10})(?:\.(\d{1,30}))?$/.exec(text) ?? [];
  if (whole === "") return "must be USD as decimal text, like 12.50";
  if (fraction.replace(/0+$/, "").length > 12)
    return "has more than 12 decimal places, which is finer than money is counted";
  return parseUsd(text);
}

/** The way back; may be negative. */
export function formatAmount(unit: UnitName, amount: bigint): string {
  return unit === "usd" ? formatUsd(amount) : amount.toString();
}
