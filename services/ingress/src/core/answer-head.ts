// Decision -> what the head of an answer tells of it.
import { formatUsd, type RateLeft } from "@waybill/domain";
import type { Decision, RateStanding } from "@waybill/wire";
import type { AnswerHead } from "../ports.ts";
import { targetOf } from "./make-waybill.ts";

export function headOf(decision: Decision): AnswerHead {
  const target = targetOf(decision);
  const { sessionAffinity } = decision;
  return {
    route: decision.route === "" ? "" : `${decision.route}@v${decision.routeVersion}`,
    path: decision.path.join(">"),
    reason: decision.reason,
    mode: decision.mode,
    sessionAffinity: sessionAffinity ? `${sessionAffinity.strategy} ${sessionAffinity.decision}` : "",
    provider: target.provider,
    model: target.model,
    attempts: decision.attempt,
    simulated: target.simulated,
    budgetRemainingUsd:
      decision.budgetRemainingPicoUsd === "" ? "" : formatUsd(BigInt(decision.budgetRemainingPicoUsd)),
    clamped: decision.clamped,
    maxOutputTokens: decision.maxOutputTokens,
    mayBeStopped: decision.coveredOutputTokens > 0n,
    droppedFields: [],
    isReplayed: false,
    ...(decision.rateLimits.length > 0 && { rateLimits: decision.rateLimits.map(rateLeft) }),
    ...{ cache: "", cacheAgeSeconds: 0, savedUsd: "" },
  };
}

function rateLeft({ unit, limit, remaining, resetMs }: RateStanding): RateLeft {
  return { unit, limit: Number(limit), remaining: Number(remaining), resetMs };
}
