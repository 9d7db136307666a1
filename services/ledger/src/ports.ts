// What recording usage needs from the world.
import type { EntryPlan, KnownRecord } from "./core/plan-entries.ts";
import type { UsageFact } from "./core/usage-fact.ts";

/** A transaction on the books. */
export interface OpenBooks {
  /** Every record on the books of the attempts these facts belong to. */
  recordsOf(facts: readonly UsageFact[]): Promise<KnownRecord[]>;
  /** Adds the plan's rows. */
  add(plan: EntryPlan): Promise<void>;
}

export interface Books {
  /** The months of these facts that are open, as "2026-11-01"; opens what can be. What belongs to another can never be booked. */
  openMonths(facts: readonly UsageFact[]): Promise<ReadonlySet<string>>;
  /**
   * Runs `work` in one transaction and commits; runs it again where another writer was first. Throws BooksRefused when
   * the values themselves cannot be booked, anything else when the books cannot be reached now.
   */
  transact<T>(work: (books: OpenBooks) => Promise<T>): Promise<T>;
}

/** The books refuse these values and always will; trying again is pointless. `reason` holds none of the values. */
export class BooksRefused extends Error {
  constructor(reason: string) {
    super(`the books refuse it: ${reason}`);
    this.name = "BooksRefused";
  }
}

/** A message of USAGE in hand. */
export interface Delivery {
  readonly data: Uint8Array;
  readonly subject: string;
  readonly traceparent: string;
}

/** Parks what can never be booked, durably; throws when that is not possible now. */
export type Park = (delivery: Delivery, reason: string) => Promise<void>;

/** What happened to a batch, for metrics. */
export interface BatchReport {
  records: number;
  entries: number;
  corrections: number;
  unpriced: number;
  duplicates: number;
  parked: number;
  /** Of the transactions alone. */
  commitMs: number;
}
