// Decision -> what the head of an answer tells of it.
import { formatUsd } from "@waybill/domain";
import type { Decision } from "@waybill/wire";
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
    ...{ cache: "", cacheAgeSeconds: 0, savedUsd: "" },
  };
}
