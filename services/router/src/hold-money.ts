// The second half of a decision: hold the worst case on every budget that matches, before anything is sent.
// Usually from grants in hand; a cold budget waits for one answer; near a limit the budget service places the hold exactly.
import { maxPicoUsd, minPicoUsd } from "@waybill/domain";
import { type BudgetRefusal, BudgetUnit, type HoldLine, type JournaledAttempt, WhenAway } from "@waybill/wire";
import type { HoldSize } from "./core/bounds.ts";
import type { AmountOf, HoldCut, MatchedBudget } from "./core/credit.ts";
import type { Till } from "./till.ts";

export interface HoldWish {
  budgets: readonly MatchedBudget[];
  size: HoldSize;
  /** The attempt as it is journaled, with these lines. */
  journalAs(lines: HoldLine[]): JournaledAttempt;
  /** How long the request may wait for the budget service. */
  waitMs: number;
  /** Told how many soft and observing budgets were passed over. */
  onUnheld(count: number): void;
}

export type HoldOutcome =
  /** `heldPicoUsd`, `heldTokens`: what every line covers; less than the worst case where one was clamped. */
  | { kind: "held"; lines: HoldLine[]; heldPicoUsd: bigint; heldTokens: bigint }
  | { kind: "refused"; refusal: BudgetRefusal }
  /** A hard budget cannot be asked now. Nothing may be sent; with `mayBeFree`, only what is free. */
  | { kind: "unavailable"; mayBeFree: boolean };

/** Credit that arrives may be taken by others first; after this many answers the hold is placed exactly. */
const FILLS_MAX = 2;
const RETRY_MS = 25;
/** What is left of the asker's deadline for the way back. */
const RETURN_MS = 20;
/** How long a service may be away before its absence is the answer: the time to move to its sibling. */
const AWAY_MS = 100;

/** How long a request may wait for the budget service: at most `budgetWaitMs`, and within the asker's deadline (0: it has none). */
export function waitWithin(budgetWaitMs: number, deadlineMs: number): number {
  return deadlineMs === 0 ? budgetWaitMs : Math.min(budgetWaitMs, deadlineMs - RETURN_MS);
}

/** The common case, without waiting: a hold from grants in hand, or undefined. */
export function holdAtOnce(till: Till, { budgets, size, journalAs }: HoldWish): HoldOutcome | undefined {
  if (!till.canJournal) return { kind: "unavailable", mayBeFree: false };
  const lines = till.cut(budgets, worstOf(size), journalAs);
  return lines && heldWhole(lines, size);
}

/** What a request holds of a budget, in what the budget counts: its worst case, or on budgets that are not hard what is likely. */
function worstOf(size: HoldSize): AmountOf {
  return ({ unit, hard }) => {
    if (unit === BudgetUnit.REQUESTS) return 1n;
    if (unit === BudgetUnit.TOKENS) return hard ? size.worstTokens : size.likelyTokens;
    // Also where no cost is known: whatever is posted belongs to a window that was held.
    return hard ? size.worstPicoUsd : maxPicoUsd(1n, size.likelyPicoUsd);
  };
}

function leastOf(size: HoldSize): AmountOf {
  return ({ unit }) =>
    unit === BudgetUnit.REQUESTS ? 1n : unit === BudgetUnit.TOKENS ? size.leastTokens : size.leastPicoUsd;
}

function heldWhole(lines: HoldLine[], { worstPicoUsd, worstTokens }: HoldSize): HoldOutcome {
  return { kind: "held", lines, heldPicoUsd: worstPicoUsd, heldTokens: worstTokens };
}

/** The other cases: waits for credit, then for an exact hold, at most `waitMs` in all. */
export async function holdWaiting(till: Till, wish: HoldWish): Promise<HoldOutcome> {
  const endsAtMs = performance.now() + wish.waitMs;
  const reserved = till.isSilent ? holdFromReserve(till, wish) : undefined;
  if (reserved) return reserved;
  for (let fill = 0; fill < FILLS_MAX; fill += 1) {
    const isAnswered = await till.fillFor(wish.budgets, worstOf(wish.size), endsAtMs - performance.now());
    if (!isAnswered) break;
    const held = holdAtOnce(till, wish);
    if (held) return held;
  }
  return placeExactly(till, wish, endsAtMs);
}

async function placeExactly(till: Till, wish: HoldWish, endsAtMs: number): Promise<HoldOutcome> {
  const { size, budgets, journalAs } = wish;
  const { cut, missing } = till.cutForPlacement(budgets, worstOf(size));
  const attempt = journalAs(cut);
  if (missing.length === 0) {
    till.placementEnded(cut, "placed", attempt);
    return heldWhole(cut, size);
  }
  const [worst, least] = [worstOf(size), leastOf(size)];
  const asks = missing.map((budget) => ({
    budgetId: budget.id,
    wantPicoUsd: worst(budget),
    leastPicoUsd: minPicoUsd(worst(budget), least(budget)),
    // A request is one request, however long its answer may get.
    boundedByShare: size.boundedByShare && budget.unit !== BudgetUnit.REQUESTS,
    unit: budget.unit,
    limit: budget.limit,
    template: budget.template,
  }));
  let wasSent = false;
  const patientUntilMs = Math.min(endsAtMs, performance.now() + AWAY_MS);
  for (;;) {
    const leftMs = endsAtMs - performance.now();
    if (leftMs <= 0) break;
    const answer = await till.budgetService.placeHold({ asks, attempt }, leftMs);
    if (answer.kind === "placed") {
      till.heard(true);
      till.placementEnded(cut, "placed");
      for (const line of answer.lines) till.placedExactly(line.budgetId, line.amountPicoUsd);
      return heldExactly(cut, answer.lines, size);
    }
    if (answer.kind === "refused") {
      till.placementEnded(cut, "refused");
      return answer;
    }
    till.heard(false);
    wasSent ||= answer.sent;
    // Not even sent: the service is away, and a longer wait for it would only make the refusal slow.
    if (!answer.sent && performance.now() >= patientUntilMs) break;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  const hard = missing.filter((budget) => budget.hard);
  const reserved = hard.length > 0 ? till.cutFromReserve(hard, ofReserve(size)) : [];
  if (!reserved) {
    if (wasSent) {
      // It may have been placed, and its cut lines with it.
      till.placementEnded(cut, "unknown", cut.length > 0 ? attempt : undefined);
      till.goWithout(attempt);
    } else till.placementEnded(cut, "refused");
    return {
      kind: "unavailable",
      mayBeFree: missing.every((budget) => !budget.hard || budget.whenAway === WhenAway.DOWNGRADE),
    };
  }
  // Soft and observing budgets that are missing are passed over, and that is counted.
  const lines = [...cut, ...reserved];
  till.placementEnded(cut, "unknown", lines.length > 0 ? journalAs(lines) : undefined);
  if (missing.length > hard.length) wish.onUnheld(missing.length - hard.length);
  return heldExactly(cut, reserved, size);
}

/** At once, where every budget without credit in hand is a hard one with a reserve. */
function holdFromReserve(till: Till, { budgets, size, journalAs }: HoldWish): HoldOutcome | undefined {
  const { cut, missing } = till.cutForPlacement(budgets, worstOf(size));
  const isHard = missing.length > 0 && missing.every(({ hard }) => hard);
  const reserved = isHard ? till.cutFromReserve(missing, ofReserve(size)) : undefined;
  till.placementEnded(cut, reserved ? "placed" : "refused", reserved && journalAs([...cut, ...reserved]));
  return reserved && heldExactly(cut, reserved, size);
}

/**
 * What a request takes of a reserve: its worst case, or what is left of it, and where the client did not bound the output no more than
 * half of that, so that others can go on; undefined where that is too little for the call to make sense.
 */
function ofReserve(size: HoldSize): (budget: MatchedBudget, rest: bigint) => bigint | undefined {
  const [worstFor, leastFor] = [worstOf(size), leastOf(size)];
  return (budget, rest) => {
    const worst = worstFor(budget);
    const least = minPicoUsd(worst, leastFor(budget));
    const isShared = size.boundedByShare && budget.unit !== BudgetUnit.REQUESTS;
    const amount = minPicoUsd(worst, isShared ? maxPicoUsd(rest / 2n, minPicoUsd(least, rest)) : rest);
    return amount < least ? undefined : amount;
  };
}

function heldExactly(cut: HoldCut[], placed: HoldLine[], { worstPicoUsd, worstTokens }: HoldSize): HoldOutcome {
  let [heldPicoUsd, heldTokens] = [worstPicoUsd, worstTokens];
  for (const { amountPicoUsd: amount, unit, hard } of placed) {
    // Others hold what is likely, and clamp nothing.
    if (!hard) continue;
    if (unit === BudgetUnit.UNSPECIFIED && amount < heldPicoUsd) heldPicoUsd = amount;
    if (unit === BudgetUnit.TOKENS && amount < heldTokens) heldTokens = amount;
  }
  return { kind: "held", lines: [...cut, ...placed], heldPicoUsd, heldTokens };
}
