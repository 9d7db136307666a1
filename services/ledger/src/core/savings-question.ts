// A question about savings: of which month, and by what.

export const SAVINGS_FIELDS = ["organisation", "team", "route", "model", "baseline", "day"] as const;
export type SavingsField = (typeof SAVINGS_FIELDS)[number];

export interface SavingsQuestion {
  /** Empty: of all. */
  organisationId: string;
  /** Its first day, "2026-11-01". */
  month: string;
  by: SavingsField;
  isSimulated: boolean;
}

/** Undefined: there is no such field. */
export function savingsField(name: string): SavingsField | undefined {
  return SAVINGS_FIELDS.find((known) => known === name);
}
