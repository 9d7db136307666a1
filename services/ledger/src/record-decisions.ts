// THE OTHER STORY: batches of decision records are kept, each record once, so that people can ask why. What can never be kept is
// parked, and holds up nothing else.
import type { DecisionRow } from "./core/decision-row.ts";
import { BooksRefused, type Delivery, type Park } from "./ports.ts";

/** A record, and the bytes to park where it is refused: a batch of it alone. */
export interface ReadDecision {
  row: DecisionRow;
  framed: Uint8Array;
}

/** What a message holds, and what of it can never be kept. */
export type ReadDecisions = (data: Uint8Array) => {
  decisions: ReadDecision[];
  broken: { data: Uint8Array; reason: string }[];
};

export interface RecordDecisionsPorts {
  readDecisions: ReadDecisions;
  /**
   * Adds those that are not there, all or none; returns how many. Throws BooksRefused when the values themselves cannot be
   * kept, anything else when that is not possible now.
   */
  keep(rows: readonly DecisionRow[]): Promise<number>;
  park: Park;
}

export interface DecisionReport {
  kept: number;
  repeated: number;
  /** Records; a message that is none counts as one. */
  parked: number;
}

/** Of one statement. */
const ROWS_MAX = 500;

interface Kept extends ReadDecision {
  delivery: Delivery;
}

/** When it returns, every record is kept or parked. When it throws, no delivery may be acknowledged: repeating does no harm. */
export async function recordDecisions(
  ports: RecordDecisionsPorts,
  deliveries: readonly Delivery[],
): Promise<DecisionReport> {
  const report: DecisionReport = { kept: 0, repeated: 0, parked: 0 };
  const readable: Kept[] = [];
  const unreadable: { delivery: Delivery; reason: string }[] = [];
  for (const delivery of deliveries) {
    const { decisions, broken } = ports.readDecisions(delivery.data);
    for (const decision of decisions) readable.push({ ...decision, delivery });
    for (const { data, reason } of broken) unreadable.push({ delivery: withData(delivery, data), reason });
  }
  // The good ones first.
  for (let at = 0; at < readable.length; at += ROWS_MAX) await keep(ports, readable.slice(at, at + ROWS_MAX), report);
  for (const { delivery, reason } of unreadable) await park(ports, delivery, reason, report);
  return report;
}

async function keep(ports: RecordDecisionsPorts, decisions: readonly Kept[], report: DecisionReport): Promise<void> {
  try {
    const kept = await ports.keep(decisions.map(({ row }) => row));
    report.kept += kept;
    report.repeated += decisions.length - kept;
  } catch (error) {
    if (!(error instanceof BooksRefused)) throw error;
    const [only] = decisions;
    if (only && decisions.length === 1) {
      await park(ports, withData(only.delivery, only.framed), error.message, report);
      return;
    }
    // One of these took the others with it: halve until it is alone.
    const half = Math.ceil(decisions.length / 2);
    await keep(ports, decisions.slice(0, half), report);
    await keep(ports, decisions.slice(half), report);
  }
}

async function park(
  ports: RecordDecisionsPorts,
  delivery: Delivery,
  reason: string,
  report: DecisionReport,
): Promise<void> {
  await ports.park(delivery, reason);
  report.parked += 1;
}

function withData({ subject, traceparent }: Delivery, data: Uint8Array): Delivery {
  return { data, subject, traceparent };
}
