// THE STORY of a stream that gets longer than what its soft budgets hold for it: as much again is held on each, or one of them has
// nothing left and the stream ends. Hard budgets hold the worst case from the start and are not asked.
import { type Clock, type Price, worstCaseCost } from "@waybill/domain";
import {
  BudgetUnit,
  type ExtendHoldRequest,
  type ExtendHoldResponse,
  fromWirePrice,
  type HoldLine,
  type JournaledAttempt,
} from "@waybill/wire";
import { NO_SIZE } from "./core/bounds.ts";
import { type HoldWish, holdAtOnce, holdWaiting, waitWithin } from "./hold-money.ts";
import type { Observations } from "./ports.ts";
import type { Till } from "./till.ts";

export interface ExtendOptions {
  till: Till;
  clock: Pick<Clock, "monotonicMs">;
  /** This process incarnation. */
  holder: string;
  holdLifeMs: number;
  /** The longest wait for the budget service. */
  budgetWaitMs: number;
  observe: Pick<Observations, "unheld" | "waitedForBudget">;
}

/**
 * Holds for twice the output that was covered. The new lines stand under a holder of their own, `<holder>+<extension>`, so that one
 * grant may carry both; whatever settles the attempt releases all. Where the budget service is away, the stream goes on uncounted.
 */
export async function extendHold(
  { attempt, coveredOutputTokens: covered, inputTokensBound, extension }: ExtendHoldRequest,
  { till, clock, holder, holdLifeMs, budgetWaitMs, observe }: ExtendOptions,
  deadlineMs: number,
): Promise<ExtendHoldResponse> {
  const extended = { coveredOutputTokens: covered * 2n, refusal: undefined };
  if (!attempt?.attribution || !attempt.target || covered <= 0n) return extended;
  const { attribution, target, route } = attempt;
  const lines = new Set(attempt.holds.map(({ budgetId }) => budgetId));
  const matched = till.match(attribution, { route, provider: target.provider, model: target.model });
  const budgets = matched.filter(({ id, hard, unit }) => lines.has(id) && !hard && unit !== BudgetUnit.REQUESTS);
  if (budgets.length === 0) return extended;
  const price = attempt.price && fromWirePrice(attempt.price);
  const more = price ? costOfMore(price, inputTokensBound, covered) : 0n;
  const journalAs = (holds: HoldLine[]): JournaledAttempt => ({
    ...attempt,
    ...{ holder: `${holder}+${extension}`, holds, holdLifeMs: BigInt(holdLifeMs) },
  });
  const size = { ...NO_SIZE, likelyPicoUsd: more, likelyTokens: covered };
  const waitMs = waitWithin(budgetWaitMs, deadlineMs);
  const wish: HoldWish = { budgets, size, journalAs, waitMs, onUnheld: observe.unheld };
  let outcome = holdAtOnce(till, wish);
  if (!outcome) {
    const startedMs = clock.monotonicMs();
    outcome = await holdWaiting(till, wish);
    observe.waitedForBudget(clock.monotonicMs() - startedMs);
  }
  if (outcome.kind !== "refused") return extended;
  return { coveredOutputTokens: covered, refusal: outcome.refusal };
}

/** What as much output again costs, at the dearest rate that its length can meet. */
function costOfMore(price: Price, inputTokens: bigint, covered: bigint): bigint {
  return worstCaseCost(price, inputTokens, covered * 2n) - worstCaseCost(price, inputTokens, covered);
}
