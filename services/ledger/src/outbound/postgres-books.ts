// The books in Postgres. A batch is one transaction of a few statements, whatever its size.
//
// The primary keys are what makes several writers right. Two of them that book the same attempt at once meet on the same
// record or (attempt, sequence); the second waits, is told of the violation, and looks again. Rows are added in key order, so that two
// batches never wait for each other in a circle. Entries are added under a lock, one batch after another, so that the roll-ups need
// none of their own and nothing is booked into a month that is being closed.
import { parseRecordName, parseUsd, recordName } from "@waybill/domain";
import type { Failpoint } from "@waybill/service";
import { type Client, copyIn, copyLine, type Pool, transact } from "@waybill/store";
import { HourSums } from "../core/hour-sums.ts";
import { accountingMonth, requestMonth } from "../core/months.ts";
import type { EntryPlan, KnownRecord, Reversal } from "../core/plan-entries.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import type { Books, OpenBooks } from "../ports.ts";
import { DimensionStore } from "./dimension-store.ts";
import { dimensionsOf } from "./dimensions.ts";
import { costUsd, ENTRY_TARGET, type EntryRow, entryFields, MIRROR_ENTRIES } from "./entry-columns.ts";
import { addEntry, addMirror, writeSums } from "./entry-sums.ts";
import { OpenMonths } from "./open-months.ts";
import { refusal } from "./refusal.ts";

const RECORD_TARGET =
  "ledger.usage_record (request_month, request_id, attempt, source, outcome, cost_usd, entry_sequence)";

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
  source: string;
  outcome: string;
  cost_usd: string | null;
  entry_sequence: number | null;
}

/** `failpoint` is passed at each step of a transaction; by default nothing happens there. */
export function postgresBooks(pool: Pool, failpoint: Failpoint = () => undefined): Books {
  const months = new OpenMonths(pool);
  const store = new DimensionStore();
  pool.on("connect", () => store.forget());
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
            return work(openBooks(client, store, added, failpoint));
          },
          { retryOnUniqueViolation: true },
        );
        store.committed(added);
        return result;
      } catch (error) {
        store.forget();
        throw refusal(error) ?? error;
      }
    },
  };
}

function openBooks(client: Client, store: DimensionStore, added: string[], failpoint: Failpoint): OpenBooks {
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
      await failpoint("after_records");
      if (plan.entries.length === 0) return;
      const entries = plan.entries.map((entry) => ({ ...entry, dimensions: dimensionsOf(entry.fact) }));
      added.push(
        ...(await store.add(
          client,
          entries.map(({ dimensions }) => dimensions),
        )),
      );
      await failpoint("after_dimensions");
      const { closedUntil, postedAt } = await beginBooking(client);
      const bookedIn = (fact: UsageFact): string => accountingMonth(requestMonth(fact), closedUntil);
      const sums = new HourSums();
      await mirror(client, plan.reversals, { bookedIn, postedAt }, sums);
      await failpoint("after_mirrors");
      const rows = entries.map((entry) => ({ ...entry, accountingMonth: bookedIn(entry.fact), postedAt }));
      await addEntries(client, rows, sums);
      await failpoint("after_entries");
      await writeSums(client, sums);
    },
  };
}

/**
 * Takes the lock of those who book, until the end of the transaction. Returns the latest closed month, and the time at which the batch is
 * booked, later than that of every entry before: asked for behind the lock.
 */
async function beginBooking(client: Client): Promise<{ closedUntil: string | undefined; postedAt: string }> {
  const { rows } = await client.query<{ closed: string | null; posted_at: string }>({
    name: "ledger-begin-booking",
    text: "SELECT ledger.begin_booking()::text AS closed, ledger.booking_time()::text AS posted_at",
  });
  const [row] = rows;
  if (!row) throw new Error("Postgres gave no time of booking");
  return { closedUntil: row.closed ?? undefined, postedAt: row.posted_at };
}

async function addRecords(client: Client, plan: EntryPlan): Promise<void> {
  const records = plan.records.toSorted((a, b) => inKeyOrder(a.fact, b.fact));
  const lines = records.map(({ fact, entrySequence }) =>
    copyLine([
      requestMonth(fact),
      fact.requestId,
      fact.attempt,
      recordName(fact.source, fact.revision),
      fact.outcome,
      costUsd(fact),
      entrySequence,
    ]),
  );
  await copyIn(client, RECORD_TARGET, lines);
}

async function mirror(
  client: Client,
  reversals: readonly Reversal[],
  { bookedIn, postedAt }: { bookedIn: (fact: UsageFact) => string; postedAt: string },
  sums: HourSums,
): Promise<void> {
  if (reversals.length === 0) return;
  const sorted = reversals.toSorted((a, b) => inKeyOrder(a.replacedBy, b.replacedBy));
  const { rows } = await client.query(MIRROR_ENTRIES, [
    sorted.map(({ replacedBy }) => requestMonth(replacedBy)),
    sorted.map(({ replacedBy }) => replacedBy.requestId),
    sorted.map(({ replacedBy }) => replacedBy.attempt),
    sorted.map(({ standingSequence }) => standingSequence),
    sorted.map(({ replacedBy }) => bookedIn(replacedBy)),
    postedAt,
  ]);
  if (rows.length !== sorted.length) throw new Error("the books are damaged: a standing entry is missing");
  for (const row of rows) addMirror(sums, row);
}

async function addEntries(client: Client, entries: readonly EntryRow[], sums: HourSums): Promise<void> {
  const sorted = entries.toSorted((a, b) => inKeyOrder(a.fact, b.fact));
  for (const entry of sorted) addEntry(sums, entry);
  await copyIn(
    client,
    ENTRY_TARGET,
    sorted.map((entry) => copyLine(entryFields(entry))),
  );
}

function inKeyOrder(a: UsageFact, b: UsageFact): number {
  if (a.requestId !== b.requestId) return a.requestId < b.requestId ? -1 : 1;
  if (a.attempt !== b.attempt) return a.attempt - b.attempt;
  return recordName(a.source, a.revision) < recordName(b.source, b.revision) ? -1 : 1;
}

function toKnownRecord(row: KnownRow): KnownRecord {
  return {
    requestId: row.request_id,
    attempt: row.attempt,
    ...(parseRecordName(row.source) ?? unknownName(row)),
    outcome: row.outcome,
    costPicoUsd: row.cost_usd === null ? 0n : parseUsd(row.cost_usd),
    entrySequence: row.entry_sequence ?? undefined,
  };
}

function unknownName({ request_id, attempt, source }: KnownRow): never {
  throw new Error(`the books are damaged: ${request_id}.${attempt} has a record named ${source}`);
}
