// How a decision that is a refusal is said, to the client and in the record.
import { ERRORS } from "@waybill/domain";
import { type DecideResponse, Exhaustion, type HoldVerdict, type RateRefusal, Refusal } from "@waybill/wire";
import type { HoldTold, Refused } from "./choose/choose.ts";
import type { HeldFigures } from "./explain.ts";

export const RETRY_AFTER_MS = 1_000;
const RETRY_AFTER_MS_MAX = 30_000;

/** Every candidate was rejected: the refusal says the reason that may be over soonest. `pauseMs`: how long providers want to be left alone. */
export function refusalOf({ code, because, budget, rate }: Refused, pauseMs: number): DecideResponse {
  if (code === "rate_limit_exceeded" && rate) return rateRefusal(rate);
  const isSoonOver = ERRORS[code].httpStatus === 503 || code === "upstream_rate_limited";
  const soonMs = Math.max(RETRY_AFTER_MS, code === "upstream_rate_limited" ? Math.ceil(pauseMs) : 0);
  const retryAfterMs = code === "limit_exceeded" ? RETRY_AFTER_MS_MAX : isSoonOver ? soonMs : 0;
  return refuse(code, {
    retryAfterMs,
    ...(code === "budget_exceeded" && { budget }),
    ...(code === "invalid_value" && { message: `The model ${because}.`, param: "model" }),
    ...(code === "hold_unbounded" && { message: `${ERRORS.hold_unbounded.sentence} The reason: ${because}.` }),
    ...(code === "limit_exceeded" && { message: `${ERRORS.limit_exceeded.sentence} It is the ${because}.` }),
  });
}

function rateRefusal(rate: RateRefusal): DecideResponse {
  const { limitId, amount, unit, perSeconds, waitMs } = rate;
  const waitSeconds = Math.max(0.1, Math.ceil(waitMs / 100) / 10);
  const message =
    unit === "concurrency"
      ? `The rate limit "${limitId}" of ${amount} requests at a time has no room. Try again when one of them is over.`
      : `The rate limit "${limitId}" of ${amount} ${unit} in ${perSeconds} s has no room. There is room again in about ${waitSeconds} s.`;
  return refuse("rate_limit_exceeded", { message, retryAfterMs: waitMs, rateLimit: rate });
}

/** Nothing is decided, nothing is held: the ingress counts and asks again. */
export function countInput(tokenizer: string): DecideResponse {
  return { outcome: { $case: "countInput", value: { tokenizer } } };
}

export function refuse(code: string, details: Partial<Omit<Refusal, "code">>): DecideResponse {
  const refusal = { ...Refusal.create({}), ...details, code };
  return { outcome: { $case: "refusal", value: refusal } };
}

/** What became of a hold, as the record keeps it. */
export function verdictOf(id: string, told: HoldTold, figures: HeldFigures): HoldVerdict {
  const { refusal, limitNode = "", onExhausted = Exhaustion.UNSPECIFIED } = told.kind === "refused" ? told : {};
  const mayBeFree = told.kind === "unavailable" && told.mayBeFree === true;
  const rateLimit = told.kind === "limited" ? told.rate : undefined;
  return { id, verdict: told.kind, refusal, limitNode, onExhausted, mayBeFree, rateLimit, ...figures };
}
