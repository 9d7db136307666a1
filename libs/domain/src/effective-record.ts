// Which of an attempt's records stands. What an attempt costs is a function of the set of its records, never of their
// order or number, so ledger and budget agree whatever arrives first, late or twice.
import type { RecordSourceName } from "./ids.ts";
import type { PicoUsd } from "./money.ts";

/** What ranking needs of a record. */
export interface RankedRecord {
  source: RecordSourceName;
  /** 0: as its source recorded it; a higher one is what was found out about it since, as a price that arrived. */
  revision: number;
  costPicoUsd: PicoUsd;
  /** Name of the outcome; only breaks ties between records that contradict each other. */
  outcome: string;
}

/**
 * Who is believed: the worker that made the call, then whoever found it lost (with the whole hold or the evidence),
 * then what the ingress saw, and last the claim that nothing was sent.
 */
const RANK: Record<RecordSourceName, number> = { worker: 4, lost: 3, ingress: 2, void: 1 };

/**
 * True when `a` stands against `b`: by who is believed, and of one source the later revision. Equals should not differ; if they do,
 * the dearer one stands. A revision of what somebody inferred never stands against the worker that made the call.
 */
export function outranks(a: RankedRecord, b: RankedRecord): boolean {
  if (a.source !== b.source) return RANK[a.source] > RANK[b.source];
  if (a.revision !== b.revision) return a.revision > b.revision;
  if (a.costPicoUsd !== b.costPicoUsd) return a.costPicoUsd > b.costPicoUsd;
  return a.outcome > b.outcome;
}

/** The record of one attempt that stands, or undefined when there is none. */
export function effectiveRecord<R extends RankedRecord>(records: readonly R[]): R | undefined {
  let stands: R | undefined;
  for (const record of records) if (!stands || outranks(record, stands)) stands = record;
  return stands;
}
