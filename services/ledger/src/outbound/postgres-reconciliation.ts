// Invoices beside the books in Postgres: the comparison, and differences that are approved.
import { formatUsd, parseUsd } from "@waybill/domain";
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import { CompareInvoicesResponse, ReconciliationRow, ReconciliationSum } from "@waybill/wire";
import type { Approval, ApproveTrueUpsPorts, ComparedBooks, WhichDifferences } from "../approve-true-ups.ts";
import type { Difference, TrueUp } from "../core/true-ups.ts";

interface Comparison extends WhichDifferences {
  differencesOnly: boolean;
  limit: number;
}

export interface PostgresReconciliation extends Pick<ApproveTrueUpsPorts, "whileNobodyBooks"> {
  compare(question: Comparison): Promise<CompareInvoicesResponse>;
}

/** Of one approval; more is done in parts, by days or causes. */
const TRUE_UPS_MAX = 50_000;

/** $1 provider, $2 and $3 days, $4 causes. */
const COMPARED_DAYS = "ledger.reconcile($1, $2, $3)";
const OF_CAUSES = "(cardinality($4::text[]) = 0 OR cause = ANY ($4))";
const DIFFERS = "(difference_usd <> 0 OR (difference_usd IS NULL AND cause IS NOT NULL))";

const ROWS = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day, account, model, simulated, invoiced_usd::text, booked_usd::text, trued_up_usd::text,
    difference_usd::text, cause, explanation, invoiced_input_tokens, booked_input_tokens,
    invoiced_cached_input_tokens, booked_cached_input_tokens,
    invoiced_output_tokens, booked_output_tokens, attempts, unpriced_attempts,
    credit_usd::text, tax_usd::text
  FROM compared WHERE NOT $5 OR ${DIFFERS}
  ORDER BY compared.day, account, model LIMIT $6`;
const SUMS = `
  SELECT coalesce(cause, '') AS cause, count(*)::bigint AS rows, coalesce(sum(invoiced_usd), 0)::text AS invoiced_usd,
    sum(booked_usd)::text AS booked_usd, sum(trued_up_usd)::text AS trued_up_usd, coalesce(sum(difference_usd), 0)::text AS difference_usd
  FROM compared WHERE NOT $5 OR ${DIFFERS} GROUP BY 1 ORDER BY sum(abs(difference_usd)) DESC NULLS LAST, 1`;
const COMPARED = `WITH compared AS MATERIALIZED (SELECT * FROM ${COMPARED_DAYS} WHERE ${OF_CAUSES})`;

export function postgresReconciliation(pool: Pool): PostgresReconciliation {
  return {
    compare: (question) => compare(pool, question),
    whileNobodyBooks: (work) =>
      transact(pool, async (client) => {
        const { rows } = await client.query<{ closed: string | null }>(
          `SELECT pg_advisory_xact_lock(hashtext('waybill ledger invoices')), to_char(ledger.begin_booking(), 'YYYY-MM-DD') AS closed`,
        );
        return work(comparedBooks(client, rows[0]?.closed ?? undefined));
      }),
  };
}

async function compare(pool: Pool, question: Comparison): Promise<CompareInvoicesResponse> {
  const { provider, fromDay, untilDay, causes, differencesOnly, limit } = question;
  const values = [provider, fromDay, untilDay, causes, differencesOnly];
  // One snapshot for rows and sums.
  return transact(pool, async (client) => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const { rows } = await client.query(`${COMPARED} ${ROWS}`, [...values, limit + 1]);
    const { rows: sums } = await client.query(`${COMPARED} ${SUMS}`, values);
    const byCause = sums.map(toSum);
    return CompareInvoicesResponse.create({
      rows: rows.slice(0, limit).map(toRow),
      more: rows.length > limit,
      byCause,
      total: totalOf(byCause),
    });
  });
}

function comparedBooks(client: Client, closedUntil: string | undefined): ComparedBooks {
  return {
    closedUntil,
    async differences({ provider, fromDay, untilDay, causes }) {
      const { rows } = await client.query(
        `SELECT to_char(r.day, 'YYYY-MM-DD') AS day, account, model, coalesce(cause, '') AS cause, invoiced_usd::text, booked_usd::text,
           difference_usd::text
         FROM ${COMPARED_DAYS} r WHERE ${OF_CAUSES} AND difference_usd <> 0 ORDER BY r.day, account, model LIMIT ${TRUE_UPS_MAX}`,
        [provider, fromDay, untilDay, causes],
      );
      return rows.map(toDifference);
    },
    approve: (approval, trueUps) => addTrueUps(client, approval, trueUps),
  };
}

async function addTrueUps(client: Client, approval: Approval, trueUps: readonly TrueUp[]): Promise<void> {
  const { id, provider, fromDay, untilDay, causes, amountPicoUsd, by, reason } = approval;
  await client.query(
    `INSERT INTO ledger.true_up_approval (id, provider, from_day, until_day, causes, true_ups, amount_usd, approved_by, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[id, provider, fromDay, untilDay, causes.length === 0 ? null : causes],
      ...[trueUps.length, formatUsd(amountPicoUsd), by, reason],
    ],
  );
  await client.query(
    `INSERT INTO ledger.true_up (id, approval_id, provider, day, account, model, cause, amount_usd, invoiced_usd, booked_usd, accounting_month)
     SELECT i, $1, $2, d, a, m, c, u, v, b, o FROM unnest($3::uuid[], $4::date[], $5::text[], $6::text[], $7::text[], $8::numeric[],
       $9::numeric[], $10::numeric[], $11::date[]) AS t (i, d, a, m, c, u, v, b, o)`,
    [
      ...[id, provider],
      trueUps.map((one) => one.id),
      trueUps.map(({ day }) => day),
      trueUps.map(({ account }) => account),
      trueUps.map(({ model }) => model),
      trueUps.map(({ cause }) => cause),
      trueUps.map((one) => formatUsd(one.amountPicoUsd)),
      trueUps.map(({ invoicedPicoUsd }) => formatUsd(invoicedPicoUsd)),
      trueUps.map(({ bookedPicoUsd }) => formatUsd(bookedPicoUsd)),
      trueUps.map(({ accountingMonth }) => accountingMonth),
    ],
  );
}

const pico = (usd: string): string => parseUsd(usd).toString();
const picoOrNone = (usd: string | null): string | undefined => (usd === null ? undefined : pico(usd));

function toDifference(row: Row): Difference {
  return {
    ...{ day: row.day, account: row.account, model: row.model, cause: row.cause },
    invoicedPicoUsd: parseUsd(row.invoiced_usd),
    bookedPicoUsd: parseUsd(row.booked_usd),
    differencePicoUsd: parseUsd(row.difference_usd),
  };
}

function toRow(row: Row): ReconciliationRow {
  return ReconciliationRow.create({
    ...{ day: row.day, account: row.account, model: row.model, simulated: row.simulated },
    ...{ invoicedPicoUsd: picoOrNone(row.invoiced_usd), bookedPicoUsd: pico(row.booked_usd) },
    ...{ truedUpPicoUsd: pico(row.trued_up_usd), differencePicoUsd: picoOrNone(row.difference_usd) },
    ...{ cause: row.cause ?? "", explanation: row.explanation ?? "" },
    invoicedInputTokens: row.invoiced_input_tokens ?? undefined,
    bookedInputTokens: row.booked_input_tokens,
    invoicedCachedInputTokens: row.invoiced_cached_input_tokens ?? undefined,
    bookedCachedInputTokens: row.booked_cached_input_tokens,
    invoicedOutputTokens: row.invoiced_output_tokens ?? undefined,
    bookedOutputTokens: row.booked_output_tokens,
    ...{ attempts: row.attempts, unpricedAttempts: row.unpriced_attempts },
    ...{ creditPicoUsd: pico(row.credit_usd), taxPicoUsd: pico(row.tax_usd) },
  });
}

function toSum(row: Row): ReconciliationSum {
  return ReconciliationSum.create({
    ...{
      cause: row.cause,
      rows: row.rows,
      invoicedPicoUsd: pico(row.invoiced_usd),
      bookedPicoUsd: pico(row.booked_usd),
    },
    ...{ truedUpPicoUsd: pico(row.trued_up_usd), differencePicoUsd: pico(row.difference_usd) },
  });
}

function totalOf(sums: readonly ReconciliationSum[]): ReconciliationSum {
  const sum = (of: (one: ReconciliationSum) => string): string =>
    sums.reduce((total, one) => total + BigInt(of(one)), 0n).toString();
  return ReconciliationSum.create({
    rows: sums.reduce((total, { rows }) => total + rows, 0n),
    invoicedPicoUsd: sum((one) => one.invoicedPicoUsd),
    bookedPicoUsd: sum((one) => one.bookedPicoUsd),
    truedUpPicoUsd: sum((one) => one.truedUpPicoUsd),
    differencePicoUsd: sum((one) => one.differencePicoUsd),
  });
}
