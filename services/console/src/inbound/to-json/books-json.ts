// Months of the books, what is wrong with them, and what was spent.
import { formatUsd } from "@waybill/domain";
import type { BooksMonth, BooksProblem, GetSpendResponse, SpendRow } from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/books.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

export function monthJson(month: BooksMonth): z.input<typeof schemas.booksMonth> {
  return {
    month: month.month,
    closedAt: isoTimeOrNull(month.closedAtMs),
    closedBy: month.closedBy === "" ? null : month.closedBy,
    requests: Number(month.requests),
    attempts: Number(month.attempts),
    unpricedAttempts: Number(month.unpricedAttempts),
    costUsd: formatUsd(BigInt(month.costPicoUsd)),
    lateAttempts: Number(month.lateAttempts),
    lateCostUsd: formatUsd(BigInt(month.lateCostPicoUsd)),
    entriesDropped: month.dropped,
  };
}

export function problemJson({ attemptId, ...problem }: BooksProblem) {
  return { ...problem, attemptId: attemptId === "" ? null : attemptId };
}

export function spendJson(by: readonly string[], answer: GetSpendResponse): z.input<typeof schemas.spend> {
  return {
    by: [...by],
    from: isoTime(answer.fromMs),
    until: isoTime(answer.untilMs),
    rows: answer.rows.map((row) => ({
      group: Object.fromEntries(by.map((field, index) => [field, row.values[index] || null])),
      names: Object.fromEntries(
        by.flatMap((field, index) => (row.names[index] ? [[field, row.names[index]] as const] : [])),
      ),
      ...sumsJson(row),
    })),
    total: sumsJson(answer.total),
    more: answer.more,
  };
}

function sumsJson(row: SpendRow | undefined) {
  return {
    requests: Number(row?.requests ?? 0),
    attempts: Number(row?.attempts ?? 0),
    failedAttempts: Number(row?.failedAttempts ?? 0),
    unpricedAttempts: Number(row?.unpricedAttempts ?? 0),
    inputTokens: Number(row?.inputTokens ?? 0),
    cachedInputTokens: Number(row?.cachedInputTokens ?? 0),
    outputTokens: Number(row?.outputTokens ?? 0),
    totalTokens: Number((row?.inputTokens ?? 0n) + (row?.outputTokens ?? 0n)),
    averageMs: row && row.attempts > 0n ? Math.round(Number(row.durationMs) / Number(row.attempts)) : null,
    costUsd: formatUsd(BigInt(row?.costPicoUsd || 0)),
    wastedCostUsd: formatUsd(BigInt(row?.wastedCostPicoUsd || 0)),
  };
}
