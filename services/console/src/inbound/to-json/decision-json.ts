// Recorded decisions and what their attempts cost, as the admin API shows them.
import { formatUsd } from "@waybill/domain";
import {
  type AttemptCost,
  Attribution,
  type DecisionInputs,
  DecisionRecord,
  type DecisionWithCost,
  Features,
} from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/decisions.ts";
import { explanationJson, textOrNull } from "./explanation-json.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

type Detail = z.input<typeof schemas.requestDetail>;

export function decisionJson({ record, cost, answerFindings }: DecisionWithCost): z.input<typeof schemas.decision> {
  const { requestId, attempt, decidedAtMs, routerId, tookUs, attribution, inputs, explanation } =
    record ?? DecisionRecord.create({});
  return {
    ...{ requestId, attempt, routerId, tookUs },
    decidedAt: isoTime(decidedAtMs),
    caller: callerJson(attribution),
    features: featuresJson(inputs?.features),
    explanation: explanationJson(explanation),
    cost: cost ? costJson(cost) : null,
    answerFindings,
  };
}

export function detailedDecisionJson(decision: DecisionWithCost): Detail["decisions"][number] {
  const inputs = decision.record?.inputs;
  return { ...decisionJson(decision), inputs: inputs ? inputsJson(inputs) : null };
}

export function costJson(wire: AttemptCost): Detail["otherAttempts"][number] {
  return {
    attemptId: wire.attemptId,
    outcome: wire.outcome,
    costUsd: wire.costKnown ? formatUsd(BigInt(wire.costPicoUsd)) : null,
    model: `${wire.provider}/${wire.model}`,
    account: textOrNull(wire.account),
    inputTokens: Number(wire.inputTokens),
    cachedInputTokens: Number(wire.cachedInputTokens),
    outputTokens: Number(wire.outputTokens),
    reasoningOutputTokens: Number(wire.reasoningOutputTokens),
    cacheWrite5mTokens: Number(wire.cacheWrite5mTokens),
    cacheWrite1hTokens: Number(wire.cacheWrite1hTokens),
    tokenSource: wire.tokenSource,
    errorCode: textOrNull(wire.errorCode),
    finishReason: textOrNull(wire.finishReason),
    providerStatus: wire.providerStatus || null,
    firstTokenMs: Number(wire.firstTokenMs) || null,
    durationMs: Number(wire.durationMs),
    suspect: wire.suspect,
    upstreamModel: textOrNull(wire.upstreamModel),
    source: wire.source,
    priceVersion: textOrNull(wire.priceVersion),
  };
}

function callerJson(wire: Attribution | undefined): z.input<typeof schemas.decision>["caller"] {
  const { organisationId, teamId, teamName, userId, userName, keyId, endUserId, tags } = wire ?? Attribution.create({});
  return { organisationId, teamId, teamName, userId, userName, keyId, endUserId, tags };
}

function featuresJson(wire: Features | undefined): z.input<typeof schemas.decision>["features"] {
  const features = wire ?? Features.create({});
  const { requestedModel, path, stream, hasTools, hasImages, hasJsonSchema, metadata, headers } = features;
  return {
    ...{ path, stream, hasTools, hasImages, hasJsonSchema, metadata, headers },
    model: requestedModel,
    estimatedInputTokens: Number(features.estimatedInputTokens),
    maxOutputTokens: Number(features.maxOutputTokens),
    filterFindings: features.filterFindings,
  };
}

function inputsJson(wire: DecisionInputs): NonNullable<Detail["decisions"][number]["inputs"]> {
  const { draws, budget, sessionModel, failedAttempt, failureCode } = wire;
  return {
    ...{ draws, sessionModel, failedAttempt, failureCode },
    at: isoTimeOrNull(wire.atMs),
    budget: budget
      ? {
          id: budget.budgetId,
          name: budget.name,
          usedShare: budget.usedShare,
          burnUsdPerHour: budget.burnUsdPerHour,
          hoursToExhaustion: budget.hoursToExhaustion,
          remainingUsd: budget.remainingUsd,
        }
      : null,
    models: wire.models.map(({ id, live, circuit, errorShare, firstTokenMs, version }) => ({
      ...{ model: id, live, circuit, errorShare, firstTokenMs, version },
    })),
    holds: wire.holds.map(({ id, verdict, heldPicoUsd, limitNode }) => ({
      ...{ model: id, verdict, limitNode },
      heldUsd: formatUsd(heldPicoUsd),
    })),
  };
}
