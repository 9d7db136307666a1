// From what is known of some attempts and what has just arrived about them: the rows to add to the books.
//
// What an attempt costs is a function of the set of its records. So the books of one attempt go through:
//   nothing  -- its first records -->            one original entry for the one that stands
//   standing -- a record that outranks it -->    two corrections: the mirror of the standing entry, and the new one
//   standing -- any other record -->             the record is kept, no entry
// A record that is already known changes nothing at all, however often it comes.
import { effectiveRecord, outranks, type RankedRecord, recordName } from "@waybill/domain";
import { type AttemptKey, attemptIdOf, type UsageFact } from "./usage-fact.ts";

/** A record that is on the books. */
export interface KnownRecord extends RankedRecord, AttemptKey {
  /** The entry it made; undefined: none, a record of higher rank stood already. */
  entrySequence: number | undefined;
}

/** A record to keep, and the entry it makes. */
interface NewRecord {
  fact: UsageFact;
  entrySequence: number | undefined;
}

/** An entry to add for what now stands. */
interface NewEntry {
  fact: UsageFact;
  sequence: number;
}

/** A standing entry to take back: its mirror is added as the next in sequence. */
export interface Reversal {
  /** What stands instead, of the same attempt. */
  replacedBy: UsageFact;
  standingSequence: number;
}

export interface EntryPlan {
  records: NewRecord[];
  entries: NewEntry[];
  reversals: Reversal[];
  /** Records that were known before, or came twice in this batch. */
  duplicates: number;
}

/** Plans for a batch. `known` holds every record on the books of every attempt in `arrived`. */
export function planEntries(known: readonly KnownRecord[], arrived: readonly UsageFact[]): EntryPlan {
  const plan: EntryPlan = { records: [], entries: [], reversals: [], duplicates: 0 };
  const knownOf = groupByAttempt(known);
  for (const [id, facts] of groupByAttempt(arrived)) planAttempt(knownOf.get(id) ?? [], facts, plan);
  return plan;
}

function planAttempt(known: readonly KnownRecord[], arrived: readonly UsageFact[], plan: EntryPlan): void {
  const names = new Set(known.map(nameOf));
  const fresh: UsageFact[] = [];
  for (const fact of arrived) {
    if (names.has(nameOf(fact))) {
      plan.duplicates += 1;
    } else {
      names.add(nameOf(fact));
      fresh.push(fact);
    }
  }
  const winner = effectiveRecord(fresh);
  const standing = effectiveRecord(known);
  const changes = winner !== undefined && (standing === undefined || outranks(winner, standing));
  let winnerSequence: number | undefined;
  if (changes && standing === undefined) {
    winnerSequence = 1;
  } else if (changes && standing !== undefined) {
    const standingSequence = standing.entrySequence ?? missingEntry(standing);
    plan.reversals.push({ replacedBy: winner, standingSequence });
    winnerSequence = standingSequence + 2;
  }
  for (const fact of fresh) plan.records.push({ fact, entrySequence: fact === winner ? winnerSequence : undefined });
  if (winnerSequence !== undefined && winner !== undefined) {
    plan.entries.push({ fact: winner, sequence: winnerSequence });
  }
}

// Written in one transaction with its entry, so its absence is damage that must not be built upon.
function missingEntry(record: KnownRecord): never {
  throw new Error(`the books are damaged: ${attemptIdOf(record)}:${nameOf(record)} stands but has no entry`);
}

const nameOf = ({ source, revision }: RankedRecord): string => recordName(source, revision);

function groupByAttempt<K extends AttemptKey>(items: readonly K[]): Map<string, K[]> {
  const groups = new Map<string, K[]>();
  for (const item of items) {
    const id = attemptIdOf(item);
    const group = groups.get(id);
    if (group) group.push(item);
    else groups.set(id, [item]);
  }
  return groups;
}
