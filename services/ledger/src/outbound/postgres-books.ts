// The books in Postgres. A batch is one transaction of a few statements, whatever its size.
//
// No locks are taken by hand: the primary keys are what makes several writers right. Two of them that book the same
// attempt at once meet on the same (attempt, sequence); the second waits, is told of the violation, and looks again.
// Rows are added in key order, so that two batches never wait for each other in a circle.
import { formatUsd, parseUsd, type RecordSourceName } from "@waybill/domain";
import { type Client, copyIn, copyLine, type Pool, transact } from "@waybill/store";
import type { EntryPlan, KnownRecord, Reversal } from "../core/plan-entries.ts";
import { postingsOf } from "../core/postings.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import type { Books, OpenBooks } from "../ports.ts";
import { costUsd, ENTRY_TARGET, entryFields, MIRROR_ENTRIES, MIRROR_POSTINGS, requestMonth } from "./entry-columns.ts";
import { refusal } from "./refusal.ts";

const RECORD_TARGET =
  "ledger.usage_record (request_month, request_id, attempt, source, outcome, cost_usd, entry_sequence)";
const POSTING_TARGET = "ledger.posting (request_month, request_id, attempt, sequence, line, account, amount_usd)";

// OFFSET 0 keeps this one look into the index per request, whatever the planner thinks of the table's size.
const RECORDS_OF_REQUESTS = {
  name: "ledger-records-of-requests",
  text: `
  SELECT known.*
  FROM unnest($1::date[], $2::uuid[]) AS asked (request_month, request_id)
  CROSS JOIN LATERAL (
    SELECT r.request_id, r.attempt, r.source, r.outcome, r.cost_usd, r.entry_sequence
    FROM ledger.usage_record r
    WHERE r.request_month = asked.request_month AND r.request_id = asked.request_id OFFSET 0
  ) known`,
};

interface KnownRow {
  request_id: string;
  attempt: number;
  source: RecordSourceName;
  outcome: string;
  cost_usd: string | null;
  entry_sequence: number | null;
}

export function postgresBooks(pool: Pool): Books {
  return {
    async transact(work) {
      try {
        return await transact(pool, (client) => work(openBooks(client)), { retryOnUniqueViolation: true });
      } catch (error) {
        throw refusal(error) ?? error;
      }
    },
  };
}

function openBooks(client: Client): OpenBooks {
  return {
    async recordsOf(facts) {
      const months = new Map<string, string>();
      for (const fact of facts) months.set(fact.requestId, requestMonth(fact));
      const { rows } = await client.query<KnownRow>({
        ...RECORDS_OF_REQUESTS,
        values: [[...months.values()], [...months.keys()]],
      });
      return rows.map(toKnownRecord);
    },
    async add(plan) {
      await addRecords(client, plan);
      await mirror(client, plan.reversals);
      await addEntries(client, plan);
    },
  };
}

async function addRecords(client: Client, plan: EntryPlan): Promise<void> {
  const records = plan.records.toSorted((a, b) => inKeyOrder(a.fact, b.fact));
  const lines = records.map(({ fact, entrySequence }) =>
    copyLine([
      requestMonth(fact),
      fact.requestId,
      fact.attempt,
      fact.source,
      fact.outcome,
      costUsd(fact),
      entrySequence,
    ]),
  );
  await copyIn(client, RECORD_TARGET, lines);
}

async function mirror(client: Client, reversals: readonly Reversal[]): Promise<void> {
  if (reversals.length === 0) return;
  const sorted = reversals.toSorted((a, b) => inKeyOrder(a.replacedBy, b.replacedBy));
  const values = [
    sorted.map(({ replacedBy }) => requestMonth(replacedBy)),
    sorted.map(({ replacedBy }) => replacedBy.requestId),
    sorted.map(({ replacedBy }) => replacedBy.attempt),
    sorted.map(({ standingSequence }) => standingSequence),
  ];
  const { rowCount } = await client.query(MIRROR_ENTRIES, values);
  if (rowCount !== sorted.length) throw new Error("the books are damaged: a standing entry is missing");
  await client.query(MIRROR_POSTINGS, values);
}

async function addEntries(client: Client, plan: EntryPlan): Promise<void> {
  const entries = plan.entries.toSorted((a, b) => inKeyOrder(a.fact, b.fact));
  const entryLines: string[] = [];
  const postingLines: string[] = [];
  for (const { fact, sequence } of entries) {
    entryLines.push(copyLine(entryFields(fact, sequence)));
    const month = requestMonth(fact);
    for (const [index, { account, amountPicoUsd }] of postingsOf(fact).entries()) {
      postingLines.push(
        copyLine([month, fact.requestId, fact.attempt, sequence, index + 1, account, formatUsd(amountPicoUsd)]),
      );
    }
  }
  await copyIn(client, ENTRY_TARGET, entryLines);
  await copyIn(client, POSTING_TARGET, postingLines);
}

function inKeyOrder(a: UsageFact, b: UsageFact): number {
  if (a.requestId !== b.requestId) return a.requestId < b.requestId ? -1 : 1;
  if (a.attempt !== b.attempt) return a.attempt - b.attempt;
  return a.source < b.source ? -1 : 1;
}

function toKnownRecord(row: KnownRow): KnownRecord {
  return {
    requestId: row.request_id,
    attempt: row.attempt,
    source: row.source,
    outcome: row.outcome,
    costPicoUsd: row.cost_usd === null ? 0n : parseUsd(row.cost_usd),
    entrySequence: row.entry_sequence ?? undefined,
  };
}
