// What the stories need from the world.

import type { WorkSight } from "./core/judge-end-of-life.ts";
import type { AnswerTo, Operation, PlaceHold, SettleRecord } from "./core/operation.ts";
import type { RateWanted } from "./core/rate-bucket.ts";

/** The group-commit writer: answers after the commit. Rejects with budget_unavailable when the deadline passes first. */
export interface Writer {
  submit<O extends Operation>(operation: O, deadlineMs?: number): Promise<AnswerTo<O>>;
}

/** A clock that only goes forward, and waiting. */
export interface Pace {
  monotonicMs(): number;
  pause(durationMs: number): Promise<void>;
}

/**
 * Calls unspent credit back from every live holder. Resolves when all that was out when it was asked is back, or after about 100 ms;
 * `missing`: some is not, and its holder may only be slow. What a holder has that gave nothing back for seconds, or is connected and gave
 * nothing back for 15 s, is not missing: it is gone until that grant's end.
 */
export type Recall = (budgetIds: readonly string[]) => Promise<"back" | "missing">;

/** Holds that were withdrawn a moment ago, and may not have been placed yet. */
export interface Withdrawals {
  add(hold: Pick<PlaceHold, "attemptId" | "holder">): void;
  has(hold: Pick<PlaceHold, "attemptId" | "holder">): boolean;
}

/** Bounds how many requests wait for holds to settle, because each asks the books again and again. */
export interface WaitingRoom {
  /** False: it is full. */
  enter(): boolean;
  leave(): void;
}

/** A message of USAGE, as a story sees it. */
export interface UsageMessage {
  readonly data: Uint8Array;
  readonly subject: string;
  ack(): void;
  /** Deliver it again later. */
  later(): void;
}

export type Reading = { kind: "record"; settle: SettleRecord } | { kind: "poison"; reason: string };

/** Parks what can never be settled, for people to look at; false when it could not be stored. */
export type Park = (message: UsageMessage, reason: string) => Promise<boolean>;

/** An attempt whose holds are past their end of life. */
interface ExpiredAttempt {
  attemptId: string;
  /** By Postgres time. */
  placedAtMs: number;
  expiresAtMs: number;
  /** Records that are settled already; then only the holds are left to release. */
  hasRecord: boolean;
}

/** A grant with something left, past the last end of life of any hold cut from it. */
interface ExpiredGrant {
  grantId: string;
  grantedAtMs: number;
  lastHoldEndsAtMs: number;
}

export interface Expired {
  attempts(): Promise<ExpiredAttempt[]>;
  grants(): Promise<ExpiredGrant[]>;
}

/** What the bus shows of the work that is still out. */
export interface BusSight {
  work: WorkSight;
  /** Records of everything that ended before this Postgres time have been settled. */
  usageReadThroughMs: number;
}

/** Publishes the record that closes the books on something whose own record never came; false: try again later. */
export interface LostRecords {
  closeAttempt(attemptId: string, outcome: "failed_free" | "unknown"): Promise<boolean>;
  closeGrant(grantId: string): Promise<boolean>;
}

/** What a router asks of one counter of a rate limit; the names of counters are the routers'. */
export interface RateAsked {
  counterId: string;
  limitId: string;
  wants: readonly Omit<RateWanted, "holder">[];
}

export interface RateCounterParts {
  counterId: string;
  given: { teamId: string; given: number; waitMs: number }[];
  /** What is left, of all teams. */
  level: number;
  /** How many routers asked a moment ago. */
  routers: number;
}

/** The counters of rate limits. Rejects with budget_unavailable; then nothing is known to have been given. */
export interface RateCounters {
  /** Counters whose limit is none any more have no part in the answer. */
  ask(holder: string, asks: readonly RateAsked[]): Promise<RateCounterParts[]>;
}
