// What recent requests would have done on a draft: run and summed by the server, told here as a plan shows it.
import type { BacktestAnswer, BacktestProgress } from "../../api/backtests.ts";
import type { Api } from "../../api/client.ts";
import type { RouteDocument } from "../../api/shapes.ts";
import type { Backtest } from "../../print/backtest.ts";

const HOUR_MS = 3_600_000;

/** Recorded requests of `route` in the last `hours`, the newest `requestsMax`. */
export async function runBacktest(
  api: Api,
  {
    route,
    document,
    hours,
    requestsMax,
  }: { route: string; document: RouteDocument; hours: number; requestsMax: number },
  onProgress: (progress: BacktestProgress) => void,
): Promise<Backtest> {
  const from = new Date(Date.now() - hours * HOUR_MS).toISOString();
  const question = { route, document, from, requestsMax };
  return toBacktest(await api.follow<BacktestAnswer, BacktestProgress>("/routes/backtests", question, onProgress));
}

function toBacktest(answer: BacktestAnswer): Backtest {
  const { from, until, total, teams, moves, models, latency, confidence, draftByUsualAnswersUsd } = answer;
  const notCompared = total.requests - total.compared;
  const notes = [
    ...(notCompared === 0
      ? []
      : [`in neither sum: ${notCompared} of them, whose cost is not known as it was or would be`]),
    ...(answer.more ? [`only the newest ${total.requests} requests were run again`] : []),
    ...(answer.skipped === 0
      ? []
      : [`left out: ${answer.skipped} records of another route of that name, or unreadable`]),
  ];
  return {
    requestCount: total.requests,
    changedCount: total.changed,
    refusedCount: total.refusedAfter,
    from,
    until,
    actualUsd: total.actualUsd,
    thenUsd: total.draftUsd,
    thenLowUsd: total.draftLowUsd,
    thenHighUsd: total.draftHighUsd,
    thenByUsualAnswersUsd: draftByUsualAnswersUsd,
    exactCount: total.exact,
    estimatedCount: total.estimated,
    unknownCount: total.unknown,
    byTeam: teams.map(({ teamId, teamName, ...sums }) => ({
      team: teamName || teamId || "(none)",
      teamId,
      requestCount: sums.requests,
      changedCount: sums.changed,
      refusedCount: sums.refusedAfter,
      actualUsd: sums.actualUsd,
      thenUsd: sums.draftUsd,
    })),
    byModel: moves.map(({ from: before, to, requests }) => ({ from: before, to, requestCount: requests })),
    models,
    latency,
    confidence,
    notes,
  };
}
