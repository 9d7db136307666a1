// Which of an attempt's records counts. A pure function of their set: order and number of deliveries never matter.
import type { RecordSourceName } from "./ids.ts";

/**
 * The higher number wins. The worker made the call and knows; `lost` says what became of a call whose worker is gone;
 * the ingress infers from outside; `void` says that nothing was ever sent, which everyone else may know better.
 */
const RANK: Readonly<Record<RecordSourceName, number>> = { worker: 4, lost: 3, ingress: 2, void: 1 };

/** True when a record from `source` replaces one from `other`. Never true for equal sources: the first one stays. */
export function outranks(source: RecordSourceName, other: RecordSourceName): boolean {
  return RANK[source] > RANK[other];
}

/**
 * The record that stands among all records of one attempt, or undefined when there is none. A source speaks once per
 * attempt (its record id says so), so there is never a tie between different facts.
 */
export function effectiveRecord<R extends { readonly source: RecordSourceName }>(records: readonly R[]): R | undefined {
  let standing: R | undefined;
  for (const record of records) {
    if (standing === undefined || outranks(record.source, standing.source)) standing = record;
  }
  return standing;
}
