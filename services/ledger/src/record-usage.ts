// THE STORY: a batch of usage records goes on the books, once, whatever order and however often they come.
import type { Failpoint } from "@waybill/service";
import { requestMonth } from "./core/months.ts";
import { type EntryPlan, planEntries } from "./core/plan-entries.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { type BatchReport, type Books, BooksRefused, type Delivery, type Park } from "./ports.ts";

/** The fact in a message, or why it can never be one. */
export type ReadFact = (data: Uint8Array) => { kind: "fact"; fact: UsageFact } | { kind: "poison"; reason: string };

export interface RecordUsagePorts {
  readFact: ReadFact;
  books: Books;
  park: Park;
  failpoint: Failpoint;
  monotonicMs(): number;
}

interface Readable {
  delivery: Delivery;
  fact: UsageFact;
}

/**
 * Books a batch. When it returns, every delivery is either on the books or parked in DEAD, so all may be acknowledged.
 * When it throws, none may be: the books or DEAD cannot be reached now, and the same batch is to be tried again.
 */
export async function recordUsage(ports: RecordUsagePorts, deliveries: readonly Delivery[]): Promise<BatchReport> {
  const report: BatchReport = {
    records: 0,
    entries: 0,
    corrections: 0,
    unpriced: 0,
    duplicates: 0,
    parked: 0,
    commitMs: 0,
  };
  const readable: Readable[] = [];
  const unreadable: { delivery: Delivery; reason: string }[] = [];
  for (const delivery of deliveries) {
    const reading = ports.readFact(delivery.data);
    if (reading.kind === "fact") readable.push({ delivery, fact: reading.fact });
    else unreadable.push({ delivery, reason: reading.reason });
  }
  const open = await ports.books.openMonths(readable.map(({ fact }) => fact));
  const bookable = readable.filter(({ fact }) => open.has(requestMonth(fact)));
  for (const { delivery, fact } of readable) {
    if (open.has(requestMonth(fact))) continue;
    unreadable.push({
      delivery,
      reason: `the books have no month ${requestMonth(fact).slice(0, 7)}: it is dropped, or to come`,
    });
  }
  // The good ones first: a poison message never keeps the rest of its batch off the books.
  await book(ports, bookable, report);
  for (const { delivery, reason } of unreadable) await park(ports, delivery, reason, report);
  return report;
}

async function book(ports: RecordUsagePorts, readable: readonly Readable[], report: BatchReport): Promise<void> {
  if (readable.length === 0) return;
  try {
    const facts = readable.map(({ fact }) => fact);
    count(await post(ports, facts, report), report);
  } catch (error) {
    if (!(error instanceof BooksRefused)) throw error;
    await bookWithout(ports, readable, error, report);
  }
}

async function post(ports: RecordUsagePorts, facts: readonly UsageFact[], report: BatchReport): Promise<EntryPlan> {
  const startedAtMs = ports.monotonicMs();
  const plan = await ports.books.transact(async (books) => {
    const planned = planEntries(await books.recordsOf(facts), facts);
    await ports.failpoint("before_insert");
    await books.add(planned);
    await ports.failpoint("before_commit");
    return planned;
  });
  report.commitMs += ports.monotonicMs() - startedAtMs;
  await ports.failpoint("after_commit_before_ack");
  return plan;
}

/** One of these is refused and took the others with it: halve until it is alone, and park it. */
async function bookWithout(
  ports: RecordUsagePorts,
  readable: readonly Readable[],
  refusal: BooksRefused,
  report: BatchReport,
): Promise<void> {
  const [only] = readable;
  if (only && readable.length === 1) {
    await park(ports, only.delivery, refusal.message, report);
    return;
  }
  const half = Math.ceil(readable.length / 2);
  await book(ports, readable.slice(0, half), report);
  await book(ports, readable.slice(half), report);
}

async function park(ports: RecordUsagePorts, delivery: Delivery, reason: string, report: BatchReport): Promise<void> {
  await ports.failpoint("before_park");
  await ports.park(delivery, reason);
  await ports.failpoint("after_park_before_ack");
  report.parked += 1;
}

function count(plan: EntryPlan, report: BatchReport): void {
  report.records += plan.records.length;
  report.entries += plan.entries.length + plan.reversals.length;
  report.corrections += plan.reversals.length;
  report.duplicates += plan.duplicates;
  for (const { fact } of plan.entries) if (!fact.priced) report.unpriced += 1;
}
