// A router's refusal, or a worker's failure, as the error the client is shown.
import { type ErrorCode, formatUsd, isErrorCode, type RateLeft, WaybillError } from "@waybill/domain";
import {
  type BudgetRefusal,
  BudgetUnit,
  type DecideResponse,
  type Decision,
  type FrameFailed,
  type RateRefusal,
  type Refusal,
} from "@waybill/wire";

const RETRY_AFTER_MS = 1_000;

function knownCode(code: string): ErrorCode {
  return isErrorCode(code) ? code : "internal_error";
}

/** Throws the refusal as an error. */
export function decisionOf(response: DecideResponse): Decision {
  const { outcome } = response;
  if (outcome?.$case === "decision") return outcome.value;
  if (outcome?.$case === "refusal") throw refusalError(outcome.value);
  throw new WaybillError("internal_error", { detail: "the router answered neither decision nor refusal" });
}

/** A refusal in words; a budget refusal names the budget, what is left, what was needed and when it resets. */
export function refusalError(refusal: Refusal): WaybillError {
  const code = knownCode(refusal.code);
  return new WaybillError(code, {
    ...(refusal.message !== "" && { publicMessage: refusal.message }),
    ...(refusal.budget && { publicMessage: budgetSentence(refusal.budget) }),
    ...(refusal.param !== "" && { param: refusal.param }),
    ...(refusal.rateLimit && refusal.rateLimit.unit !== "concurrency" && { rateLeft: leftOf(refusal.rateLimit) }),
    ...(code !== "budget_exceeded" && refusal.retryAfterMs > 0 && { retryAfterMs: refusal.retryAfterMs }),
  });
}

function leftOf({ unit, amount, waitMs }: RateRefusal): RateLeft {
  return { unit, limit: Number(amount), remaining: 0, resetMs: waitMs };
}

function budgetSentence(budget: BudgetRefusal): string {
  const said = (amount: string): string => inWords(amount === "" ? "0" : amount, budget.unit);
  const whose = budget.templateValue === "" ? "" : ` (${budget.templateValue})`;
  const resets = budget.resetsAt === "" ? "It does not reset." : `It resets at ${budget.resetsAt}.`;
  return (
    `The budget "${budget.budgetName}"${whose} is used up: ${said(budget.leftPicoUsd)} of ${said(budget.limitPicoUsd)} is left ` +
    `and this request needs at least ${said(budget.neededPicoUsd)}. ${resets} ` +
    "Ask whoever manages the budget to raise it, or use a cheaper model."
  );
}

function inWords(amount: string, unit: BudgetUnit): string {
  if (unit === BudgetUnit.REQUESTS) return amount === "1" ? "1 request" : `${amount} requests`;
  if (unit === BudgetUnit.TOKENS) return amount === "1" ? "1 token" : `${amount} tokens`;
  return `$${formatUsd(BigInt(amount))}`;
}

/** A failed attempt as an error. */
export function failedFrameError(frame: FrameFailed): WaybillError {
  const code = knownCode(frame.code);
  return new WaybillError(code, {
    ...(frame.message !== "" && { publicMessage: frame.message }),
    ...(frame.param !== "" && { param: frame.param }),
    ...(frame.retryAfterMs > 0 && { retryAfterMs: Math.min(30_000, Math.max(RETRY_AFTER_MS, frame.retryAfterMs)) }),
  });
}
