// Providers' invoices, their comparison with the books, and what was approved.
import { formatUsd } from "@waybill/domain";
import type {
  ApproveTrueUpsResponse,
  CompareInvoicesResponse,
  GetInvoiceResponse,
  Invoice,
  ReconciliationRow,
  ReconciliationSum,
} from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/invoices.ts";
import { isoTime } from "./iso-time.ts";

const usd = (pico: string): string => formatUsd(BigInt(pico || 0));
const usdOrNull = (pico: string | undefined): string | null => (pico === undefined ? null : usd(pico));
const textOrNull = (text: string): string | null => (text === "" ? null : text);
const countOrNull = (count: bigint | undefined): number | null => (count === undefined ? null : Number(count));

export function invoiceJson(invoice: Invoice): z.input<typeof schemas.invoice> {
  const { id, provider, format, fileName, fileSha256, hasAmounts, hasQuantities, importedBy, reason } = invoice;
  return {
    ...{ id, provider, format, fileName, fileSha256, from: invoice.fromDay, until: invoice.untilDay },
    ...{ hasAmounts, hasQuantities, lines: Number(invoice.lines), leftOutRows: Number(invoice.leftOutRows) },
    roundedAmounts: Number(invoice.roundedAmounts),
    usageUsd: usd(invoice.usagePicoUsd),
    creditUsd: usd(invoice.creditPicoUsd),
    taxUsd: usd(invoice.taxPicoUsd),
    ...{ importedAt: isoTime(invoice.importedAtMs), importedBy, reason },
    supersededBy: textOrNull(invoice.supersededBy),
  };
}

export function linesJson({ lines, more }: GetInvoiceResponse) {
  return {
    lines: lines.map(({ number, fileLine, day, account, model, kind, charge, quantity, amountPicoUsd }) => ({
      ...{ number, fileLine, day, account: textOrNull(account), model: textOrNull(model), kind, charge },
      ...{ quantity: quantity ?? null, amountUsd: usdOrNull(amountPicoUsd) },
    })),
    more,
  };
}

export function comparisonJson(answer: CompareInvoicesResponse): z.input<typeof schemas.comparison> {
  return {
    rows: answer.rows.map(rowJson),
    more: answer.more,
    byCause: answer.byCause.map((sum) => ({ cause: textOrNull(sum.cause), ...sumJson(sum) })),
    total: sumJson(answer.total),
  };
}

function rowJson(row: ReconciliationRow): z.input<typeof schemas.comparison>["rows"][number] {
  return {
    ...{ day: row.day, account: textOrNull(row.account), model: textOrNull(row.model), simulated: row.simulated },
    invoicedUsd: usdOrNull(row.invoicedPicoUsd),
    bookedUsd: usd(row.bookedPicoUsd),
    truedUpUsd: usd(row.truedUpPicoUsd),
    differenceUsd: usdOrNull(row.differencePicoUsd),
    ...{ cause: textOrNull(row.cause), explanation: textOrNull(row.explanation) },
    invoicedInputTokens: countOrNull(row.invoicedInputTokens),
    bookedInputTokens: Number(row.bookedInputTokens),
    invoicedCachedInputTokens: countOrNull(row.invoicedCachedInputTokens),
    bookedCachedInputTokens: Number(row.bookedCachedInputTokens),
    invoicedOutputTokens: countOrNull(row.invoicedOutputTokens),
    bookedOutputTokens: Number(row.bookedOutputTokens),
    ...{ attempts: Number(row.attempts), unpricedAttempts: Number(row.unpricedAttempts) },
    ...{ creditUsd: usd(row.creditPicoUsd), taxUsd: usd(row.taxPicoUsd) },
  };
}

function sumJson(sum: ReconciliationSum | undefined) {
  return {
    rows: Number(sum?.rows ?? 0),
    invoicedUsd: usd(sum?.invoicedPicoUsd ?? ""),
    bookedUsd: usd(sum?.bookedPicoUsd ?? ""),
    truedUpUsd: usd(sum?.truedUpPicoUsd ?? ""),
    differenceUsd: usd(sum?.differencePicoUsd ?? ""),
  };
}

export function approvedJson(answer: ApproveTrueUpsResponse): z.input<typeof schemas.approved> {
  return {
    approvalId: answer.approvalId,
    amountUsd: usd(answer.amountPicoUsd),
    trueUps: answer.trueUps.map(({ id, day, account, model, cause, amountPicoUsd, accountingMonth }) => ({
      ...{ id, day, account: textOrNull(account), model: textOrNull(model), cause: textOrNull(cause) },
      ...{ amountUsd: usd(amountPicoUsd), accountingMonth },
    })),
  };
}
