// A backtest as it is shown.
import { formatUsd } from "@waybill/domain";
import {
  BacktestDoubts,
  type BacktestLatency,
  type BacktestModel,
  type BacktestResult,
  BacktestSums,
} from "@waybill/wire";
import type { z } from "zod";
import { confidenceOf } from "../../core/confidence.ts";
import type * as schemas from "../schemas/backtests.ts";
import { isoTimeOrNull } from "./iso-time.ts";

type Answer = z.input<typeof schemas.backtest>;

export function backtestJson(route: string, result: BacktestResult): Answer {
  const { total = BacktestSums.create({}), doubts = BacktestDoubts.create({}) } = result;
  return {
    route,
    from: isoTimeOrNull(result.fromMs),
    until: isoTimeOrNull(result.untilMs),
    total: sumsJson(total),
    teams: result.teams.map(({ teamId, teamName, sums }) => ({ teamId, teamName, ...sumsJson(sums) })),
    models: result.models.map(modelJson),
    moves: result.moves.map(({ from, to, sums }) => ({ from, to, ...sumsJson(sums) })),
    latency: { actual: latencyJson(result.actualLatency), draft: latencyJson(result.draftLatency) },
    draftByUsualAnswersUsd: total.compared === 0n ? null : usdOrNull(doubts.draftByUsualAnswersPicoUsd),
    more: result.more,
    skipped: Number(result.skipped),
    confidence: confidenceOf(total, doubts),
  };
}

function sumsJson(given: BacktestSums | undefined): Answer["total"] {
  const sums = given ?? BacktestSums.create({});
  const ofCompared = (picoUsd: string): string | null => (sums.compared === 0n ? null : usdOrNull(picoUsd));
  return {
    requests: Number(sums.requests),
    changed: Number(sums.changed),
    refusedBefore: Number(sums.refusedBefore),
    refusedAfter: Number(sums.refusedAfter),
    exact: Number(sums.exact),
    estimated: Number(sums.estimated),
    unknown: Number(sums.unknown),
    compared: Number(sums.compared),
    actualUsd: ofCompared(sums.actualPicoUsd),
    draftUsd: ofCompared(sums.draftPicoUsd),
    draftLowUsd: ofCompared(sums.draftLowPicoUsd),
    draftHighUsd: ofCompared(sums.draftHighPicoUsd),
    otherActualUsd: formatUsd(BigInt(sums.otherActualPicoUsd || 0)),
    otherDraftUsd: formatUsd(BigInt(sums.otherDraftPicoUsd || 0)),
  };
}

function modelJson({ model, answers, outputTokens, ...rest }: BacktestModel): Answer["models"][number] {
  return {
    model,
    requestsBefore: Number(rest.requestsBefore),
    requestsAfter: Number(rest.requestsAfter),
    answers: Number(answers),
    averageOutputTokens: answers === 0n ? null : Number((2n * outputTokens + answers) / (2n * answers)),
    latency: latencyJson(rest.latency),
  };
}

function latencyJson(latency: BacktestLatency | undefined): Answer["latency"]["actual"] {
  return latency ? { p50Ms: latency.p50Ms, p95Ms: latency.p95Ms } : null;
}

function usdOrNull(picoUsd: string): string | null {
  return picoUsd === "" ? null : formatUsd(BigInt(picoUsd));
}
