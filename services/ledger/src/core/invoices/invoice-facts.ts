// What is known of an invoice as a whole, from its lines.
import type { PicoUsd } from "@waybill/domain";
import type { Charge, InvoiceLine } from "./invoice-line.ts";

export interface InvoiceFacts {
  /** Whether lines of usage say what was paid, and how much was used. */
  hasAmounts: boolean;
  hasQuantities: boolean;
  /** Whether they say for which account and which model; days are compared no finer than that. */
  namesAccounts: boolean;
  namesModels: boolean;
  usagePicoUsd: PicoUsd;
  creditPicoUsd: PicoUsd;
  taxPicoUsd: PicoUsd;
  /** Every account that it names, "" for lines without one; in order. */
  accounts: string[];
}

export function factsOf(lines: readonly InvoiceLine[]): InvoiceFacts {
  const usage = lines.filter(({ charge }) => charge === "usage");
  return {
    hasAmounts: lines.some(({ amountPicoUsd }) => amountPicoUsd !== undefined),
    hasQuantities: usage.some(({ quantity }) => quantity !== undefined),
    namesAccounts: usage.some(({ account }) => account !== ""),
    namesModels: usage.some(({ model }) => model !== ""),
    usagePicoUsd: sumOf(lines, "usage"),
    creditPicoUsd: sumOf(lines, "credit"),
    taxPicoUsd: sumOf(lines, "tax"),
    accounts: [...new Set(lines.map(({ account }) => account))].sort(),
  };
}

function sumOf(lines: readonly InvoiceLine[], charge: Charge): PicoUsd {
  return lines.reduce((sum, line) => (line.charge === charge ? sum + (line.amountPicoUsd ?? 0n) : sum), 0n);
}
