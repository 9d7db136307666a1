// One decision under way: what was asked, what has been found out so far, and what is held for it.
import type { DecideRequest, HoldLine } from "@waybill/wire";
import { type HeldFigures, NOTHING_HELD } from "./core/explain.ts";
import type { FailedAttempt, Itinerary } from "./core/itinerary.ts";
import type { Question } from "./core/question.ts";
import type { HoldWish } from "./hold-money.ts";
import type { LiveWorld } from "./live-world.ts";
import type { RateNeed } from "./rate-keeper.ts";

/** One decision under way. */
export interface Case {
  request: DecideRequest;
  question: Question;
  world: LiveWorld;
  attempt: number;
  itinerary: Itinerary;
  reason: string;
  waitMs: number;
  /** How long the ingress waits before it sends the attempt, if it goes to the model that failed. */
  retryDelayMs: number;
  /** The decision follows a failed attempt. */
  after: Required<FailedAttempt> & { resumeToken: Buffer };
  startedMs: number;
  held: Held | undefined;
  /** Set where the input's tokens have to be counted, with this tokenizer, before it can be decided. */
  countWith?: string | undefined;
  /** What the candidate that was asked last was counted on, and all rate limits that it meets. */
  rated: (RateNeed & { met: RateNeed["limits"] }) | undefined;
}

/** What was held for the candidate that was asked last. */
export interface Held {
  budgets: HoldWish["budgets"];
  lines: HoldLine[];
  figures: HeldFigures;
  /** See Decision. */
  coveredOutputTokens: bigint;
}

export const NOT_AFTER = {
  resumeToken: Buffer.alloc(0),
  failedAttempt: 0,
  failureCode: "",
  retryAfterMs: 0,
  otherAccount: false,
};
export const UNHELD: Held = { budgets: [], lines: [], figures: NOTHING_HELD, coveredOutputTokens: 0n };
