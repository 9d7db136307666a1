// The books in Postgres. A batch is one transaction of a few statements, whatever its size.
//
// The primary keys are what makes several writers right. Two of them that book the same attempt at once meet on the same
// record or (attempt, sequence); the second waits, is told of the violation, and looks again. Rows are added in key order, so that two
// batches never wait for each other in a circle. Entries are added under a lock, one batch after another, so that the roll-ups need
// none of their own and nothing is booked into a month that is being closed.
import { formatUsd, parseUsd, type RecordSourceName } from "@waybill/domain";
import { type Client, copyIn, copyLine, type Pool, transact } from "@waybill/store";
import { accountingMonth, requestMonth } from "../core/months.ts";
import type { EntryPlan, KnownRecord, Reversal } from "../core/plan-entries.ts";
import { postingsOf } from "../core/postings.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import type { Books, OpenBooks } from "../ports.ts";
import { costUsd, ENTRY_TARGET, entryFields, MIRROR_ENTRIES, MIRROR_POSTINGS } from "./entry-columns.ts";
import { OpenMonths } from "./open-months.ts";
import { refusal } from "./refusal.ts";
import { SharedRowStore } from "./shared-row-store.ts";
import { type SharedRows, sharedRowsOf } from "./shared-rows.ts";

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
  const months = new OpenMonths(pool);
  const shared = new SharedRowStore();
  return {
    async openMonths(facts) {
      return await months.open(facts.map(requestMonth));
    },
    async transact(work) {
      let added: string[] = [];
      try {
        const result = await transact(
          pool,
          (client) => {
            added = [];
            return work(openBooks(client, shared, added));
          },
          { retryOnUniqueViolation: true },
        );
        shared.committed(added);
        return result;
      } catch (error) {
        throw refusal(error) ?? error;
      }
    },
  };
}

function openBooks(client: Client, shared: SharedRowStore, added: string[]): OpenBooks {
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
      if (plan.entries.length === 0) return;
      const sharedOf = new Map(plan.entries.map(({ fact }) => [fact, sharedRowsOf(fact)]));
      added.push(...(await shared.add(client, [...sharedOf.values()])));
      const closedUntil = await beginBooking(client);
      await mirror(client, plan.reversals, closedUntil);
      await addEntries(client, plan, sharedOf, closedUntil);
    },
  };
}

/** Takes the lock of those who book, until the end of the transaction. Returns the latest closed month. */
async function beginBooking(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ closed: string | null }>({
    name: "ledger-begin-booking",
    text: "SELECT ledger.begin_booking()::text AS closed",
  });
  return rows[0]?.closed ?? undefined;
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

async function mirror(client: Client, reversals: readonly Reversal[], closedUntil: string | undefined): Promise<void> {
  if (reversals.length === 0) return;
  const sorted = reversals.toSorted((a, b) => inKeyOrder(a.replacedBy, b.replacedBy));
  const values = [
    sorted.map(({ replacedBy }) => requestMonth(replacedBy)),
    sorted.map(({ replacedBy }) => replacedBy.requestId),
    sorted.map(({ replacedBy }) => replacedBy.attempt),
    sorted.map(({ standingSequence }) => standingSequence),
  ];
  const bookedIn = sorted.map(({ replacedBy }) => accountingMonth(requestMonth(replacedBy), closedUntil));
  const { rowCount } = await client.query(MIRROR_ENTRIES, [...values, bookedIn]);
  if (rowCount !== sorted.length) throw new Error("the books are damaged: a standing entry is missing");
  await client.query(MIRROR_POSTINGS, values);
}

async function addEntries(
  client: Client,
  plan: EntryPlan,
  sharedOf: ReadonlyMap<UsageFact, SharedRows>,
  closedUntil: string | undefined,
): Promise<void> {
  const entries = plan.entries.toSorted((a, b) => inKeyOrder(a.fact, b.fact));
  const entryLines: string[] = [];
  const postingLines: string[] = [];
  for (const { fact, sequence } of entries) {
    const month = requestMonth(fact);
    const shared = sharedOf.get(fact) ?? sharedRowsOf(fact);
    entryLines.push(
      copyLine(entryFields({ fact, sequence, accountingMonth: accountingMonth(month, closedUntil), shared })),
    );
    for (const [index, { account, amountPicoUsd }] of postingsOf(fact).entries()) {
      postingLines.push(
        copyLine([month, fact.requestId, fact.attempt, sequence, index + 1, account, formatUsd(amountPicoUsd)]),
      );
    }
  }
  await copyIn(client, POSTING_TARGET, postingLines);
  await copyIn(client, ENTRY_TARGET, entryLines);
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
