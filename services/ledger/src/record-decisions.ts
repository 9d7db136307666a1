// THE OTHER STORY: batches of decision records, and of what was found in answers, are kept, each once, so that people can ask why.
// What can never be kept is parked, and holds up nothing else.
import type { DecisionRow, FindingRow } from "./core/decision-row.ts";
import { BooksRefused, type Delivery, type Park } from "./ports.ts";

/** A record, and the bytes to park where it is refused: a batch of it alone. */
export interface ReadDecision {
  row: DecisionRow;
  framed: Uint8Array;
}

/** What was found in one answer. */
export interface ReadAnswer {
  rows: readonly FindingRow[];
  framed: Uint8Array;
}

/** What a message holds, and what of it can never be kept. */
export type ReadDecisions = (data: Uint8Array) => {
  decisions: ReadDecision[];
  answers: ReadAnswer[];
  broken: { data: Uint8Array; reason: string }[];
};

export interface RecordDecisionsPorts {
  readDecisions: ReadDecisions;
  /**
   * Adds those that are not there, all or none; returns how many. Throws BooksRefused when the values themselves cannot be
   * kept, anything else when that is not possible now.
   */
  keep(rows: readonly DecisionRow[]): Promise<number>;
  /** The same for what was found in answers. */
  keepFindings(rows: readonly FindingRow[]): Promise<number>;
  park: Park;
}

export interface DecisionReport {
  kept: number;
  repeated: number;
  /** Rows of what was found in answers, kept for the first time. */
  findings: number;
  /** Records; a message that is none counts as one. */
  parked: number;
}

/** Of one statement. */
const ROWS_MAX = 500;

/** Something to keep, with the bytes to park where it is refused. */
interface Keepable {
  delivery: Delivery;
  framed: Uint8Array;
}

/** When it returns, every record is kept or parked. When it throws, no delivery may be acknowledged: repeating does no harm. */
export async function recordDecisions(
  ports: RecordDecisionsPorts,
  deliveries: readonly Delivery[],
): Promise<DecisionReport> {
  const report: DecisionReport = { kept: 0, repeated: 0, findings: 0, parked: 0 };
  const decided: (ReadDecision & Keepable)[] = [];
  const answered: (ReadAnswer & Keepable)[] = [];
  const unreadable: { delivery: Delivery; reason: string }[] = [];
  for (const delivery of deliveries) {
    const { decisions, answers, broken } = ports.readDecisions(delivery.data);
    for (const decision of decisions) decided.push({ ...decision, delivery });
    for (const answer of answers) answered.push({ ...answer, delivery });
    for (const { data, reason } of broken) unreadable.push({ delivery: withData(delivery, data), reason });
  }
  // The good ones first.
  report.parked += await keepAll(ports, decided, async (some) => {
    const kept = await ports.keep(some.map(({ row }) => row));
    report.kept += kept;
    report.repeated += some.length - kept;
  });
  report.parked += await keepAll(ports, answered, async (some) => {
    report.findings += await ports.keepFindings(some.flatMap(({ rows }) => rows));
  });
  for (const { delivery, reason } of unreadable) await ports.park(delivery, reason);
  report.parked += unreadable.length;
  return report;
}

/** Returns how many were parked. */
async function keepAll<T extends Keepable>(
  ports: RecordDecisionsPorts,
  all: readonly T[],
  keep: (some: readonly T[]) => Promise<void>,
): Promise<number> {
  let parked = 0;
  for (let at = 0; at < all.length; at += ROWS_MAX) {
    parked += await keepOrPark(ports, all.slice(at, at + ROWS_MAX), keep);
  }
  return parked;
}

async function keepOrPark<T extends Keepable>(
  ports: RecordDecisionsPorts,
  some: readonly T[],
  keep: (some: readonly T[]) => Promise<void>,
): Promise<number> {
  try {
    await keep(some);
    return 0;
  } catch (error) {
    if (!(error instanceof BooksRefused)) throw error;
    const [only] = some;
    if (only && some.length === 1) {
      await ports.park(withData(only.delivery, only.framed), error.message);
      return 1;
    }
    // One of these took the others with it: halve until it is alone.
    const half = Math.ceil(some.length / 2);
    return (await keepOrPark(ports, some.slice(0, half), keep)) + (await keepOrPark(ports, some.slice(half), keep));
  }
}

function withData({ subject, traceparent }: Delivery, data: Uint8Array): Delivery {
  return { data, subject, traceparent };
}
