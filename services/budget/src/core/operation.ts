// What can be asked of the books, and what is answered. Every operation may come twice; ids make it happen once.
import type { PicoUsd, RecordSourceName } from "@waybill/domain";

/** One budget's part of what an attempt may cost. */
export interface Line {
  budgetId: string;
  windowId: bigint;
  /** Empty: an exact hold. */
  grantId: string;
  amountPicoUsd: PicoUsd;
}

/** What an amount of a budget counts; the names of the amount fields say pico-USD, which nearly all of them are. */
export type Unit = "usd" | "requests" | "tokens";

/** How strict a budget is. */
export type Enforcement = "hard" | "soft" | "observe";

/** The counter of one value of a template's field, made where it does not exist. */
export interface TemplateCounter {
  templateId: string;
  value: string;
}

/** The counter of a route's limit node, made where it does not exist. */
export interface LimitSpec {
  name: string;
  organisationId: string;
  route: string;
  unit: Unit;
  /** In the unit. */
  amount: bigint;
  windowKind: string;
  /** 0: not a fixed window. */
  windowSeconds: bigint;
}

/** Credit ahead of need. */
export interface AskGrant {
  kind: "ask_grant";
  grantId: string;
  holder: string;
  budgetId: string;
  needPicoUsd: PicoUsd;
  wantPicoUsd: PicoUsd;
  lifeMs: number;
  holdLifeMs: number;
  /** To be used only while nobody can be asked. */
  isReserve?: boolean;
  limit?: LimitSpec | undefined;
  template?: TemplateCounter | undefined;
}

/** One budget's part of an exact hold that is asked for. */
export interface HoldAsk {
  budgetId: string;
  wantPicoUsd: PicoUsd;
  leastPicoUsd: PicoUsd;
  boundedByShare: boolean;
  limit?: LimitSpec | undefined;
  template?: TemplateCounter | undefined;
}

/** An exact hold, all or none over its asks, with the lines already cut from grants for the same attempt. */
export interface PlaceHold {
  kind: "place_hold";
  attemptId: string;
  holder: string;
  asks: readonly HoldAsk[];
  cut: readonly Line[];
  lifeMs: number;
  /** Budgets whose credit was called back for it already, so that it is clamped or refused by what is left of them. */
  recalled: readonly string[];
  /** What a record can be written from; opaque here. */
  message: Uint8Array;
}

/** A holder reports what it cut from its grants. */
export interface JournalAttempt {
  kind: "journal_attempt";
  attemptId: string;
  holder: string;
  lines: readonly Line[];
  holdLifeMs: number;
  message: Uint8Array;
}

/** A holder goes without a hold of which it does not know whether it was placed; it will never use it. */
export interface WithdrawHold {
  kind: "withdraw_hold";
  attemptId: string;
  holder: string;
}

/** A holder's last word about a grant. */
export interface CloseGrant {
  kind: "close_grant";
  grantId: string;
  debitedPicoUsd: PicoUsd;
}

/** Whose session a call is of, and how long its prompt was. */
export interface Caller {
  organisationId: string;
  session: string;
  keyId: string;
  inputTokens: bigint;
}

/** A usage record: the cost is posted and everything held under the attempt is released. */
export interface SettleRecord {
  kind: "settle_record";
  recordId: string;
  attemptId: string;
  source: RecordSourceName;
  revision: number;
  outcome: string;
  costPicoUsd: PicoUsd;
  /** False: the price is unknown; the cost is 0 here and the ledger keeps it in suspense. */
  costKnown: boolean;
  /** Input and output together. */
  tokens: bigint;
  /** Nothing better is known than what was held. */
  isWorstCase: boolean;
  holder: string;
  lines: readonly Line[];
  /** Undefined: of no session. */
  caller?: Caller | undefined;
  /** Whose call it was and which model's; set where the price is unknown. */
  unpriced?: { organisationId: string; model: string } | undefined;
}

/** Nothing more can come from this grant: what is left of it returns. */
export interface ReapGrant {
  kind: "reap_grant";
  grantId: string;
}

/** Releases what is still held under an attempt that has a record already. */
interface ReleaseAttempt {
  kind: "release_attempt";
  attemptId: string;
}

export type Operation =
  | AskGrant
  | PlaceHold
  | WithdrawHold
  | JournalAttempt
  | CloseGrant
  | SettleRecord
  | ReapGrant
  | ReleaseAttempt;

/** How a budget's current window stands. */
export interface Standing {
  budgetId: string;
  /** 0n: nothing was ever held in it. */
  windowId: bigint;
  /** As it holds now: with what was carried over and with a raise. */
  limitPicoUsd: PicoUsd;
  postedPicoUsd: PicoUsd;
  heldPicoUsd: PicoUsd;
  grantedPicoUsd: PicoUsd;
  carriedInPicoUsd: PicoUsd;
  unit: Unit;
  /** Not empty: the counter of this value of a template's field. */
  templateValue: string;
  /** Unix milliseconds; undefined: never. Of a rolling window: when the oldest of its spend leaves. */
  resetsAtMs: number | undefined;
  /** True: what is spent leaves again, so that nothing can be projected. */
  isRolling?: boolean;
}

/** Amount 0: near the limit, place exact holds instead. */
export interface Granted {
  kind: "granted";
  amountPicoUsd: PicoUsd;
  windowId: bigint;
  lifeMs: number;
  /** Undefined when a repeated question is answered after its window has ended, or there is no window. */
  standing: Standing | undefined;
}

/** A line as it was held. */
export interface HeldLine extends Line {
  unit: Unit;
  enforcement: Enforcement;
}

export interface Held {
  kind: "held";
  lines: readonly HeldLine[];
}

/** The budget that bound, and the numbers behind the refusal. Not final while something is recallable: ask again once it is back. */
export interface Refused {
  kind: "refused";
  budgetId: string;
  budgetName: string;
  templateValue: string;
  unit: Unit;
  /** True: it lets everything pass while anything is left; nothing is. */
  soft: boolean;
  limitPicoUsd: PicoUsd;
  leftPicoUsd: PicoUsd;
  neededPicoUsd: PicoUsd;
  /** When there is room again, in Unix milliseconds; undefined: never, or nobody can tell. */
  resetsAtMs: number | undefined;
  /** Budgets that are short and have credit out which, called back, could change the answer; nobody gets more of it meanwhile. */
  recallable: readonly string[];
  /** True: it would fit if what is held now were given back; a record may be on its way. */
  mayFitSoon: boolean;
}

/** The attempt has a record, or its hold was withdrawn: it was given up or finished before its hold was asked for. */
interface Over {
  kind: "over";
}

interface Done {
  kind: "done";
  /** False: it had happened before, or there was nothing to do. */
  changed: boolean;
}

export interface Settled {
  kind: "settled";
  repeated: boolean;
  /** Pico-USD by which the cost exceeds the smallest hold; 0: it did not. */
  overHoldPicoUsd: PicoUsd;
}

/** The operation contradicts the books; nothing was changed. */
export interface Impossible {
  kind: "impossible";
  reason: string;
}

export type Answer = Granted | Held | Refused | Over | Done | Settled | Impossible;

/** What can be answered to an operation. */
export type AnswerTo<O extends Operation> =
  | Impossible
  | (O extends AskGrant ? Granted : never)
  | (O extends PlaceHold ? Held | Refused | Over : never)
  | (O extends SettleRecord ? Settled : never)
  | (O extends JournalAttempt | WithdrawHold | CloseGrant | ReapGrant | ReleaseAttempt ? Done : never);
