// Recorded requests run again on a draft, in words.
import type { BacktestAnswer, Latency } from "../api/backtests.ts";
import { formatTable } from "./table.ts";

export interface Backtest {
  requestCount: number;
  /** Another model, or a refusal where there was none, or the other way round. */
  changedCount: number;
  /** Of these, would be refused. */
  refusedCount: number;
  /** Oldest and newest of the requests; null: there are none. */
  from: string | null;
  until: string | null;
  /** Of the requests whose two costs are both known; null: of none they are. */
  actualUsd: string | null;
  thenUsd: string | null;
  /** Least and most; null: unknown, or without a bound. */
  thenLowUsd: string | null;
  thenHighUsd: string | null;
  /** If other models answered as they usually do here; null: unknown. */
  thenByUsualAnswersUsd: string | null;
  exactCount: number;
  estimatedCount: number;
  unknownCount: number;
  byTeam: {
    team: string;
    teamId: string;
    requestCount: number;
    changedCount: number;
    refusedCount: number;
    actualUsd: string | null;
    thenUsd: string | null;
  }[];
  /** The most frequent first. */
  byModel: { from: string; to: string; requestCount: number }[];
  models: BacktestAnswer["models"];
  latency: BacktestAnswer["latency"];
  confidence: string[];
  notes: string[];
}

const TEAM_HEADINGS = ["team", "requests", "changed", "as it was", "then"];

export function formatBacktest(backtest: Backtest): string[] {
  const { requestCount, changedCount, refusedCount, from, until, byTeam, byModel, models } = backtest;
  if (requestCount === 0) return ["no decision of this route is recorded in that time: nothing to run again"];
  const teams = byTeam.map((team) => [
    ...[team.team, String(team.requestCount), String(team.changedCount), usdOf(team.actualUsd), usdOf(team.thenUsd)],
    ...(refusedCount > 0 ? [String(team.refusedCount)] : []),
  ]);
  const mix = models.map(({ model, requestsBefore, requestsAfter, averageOutputTokens, latency }) => [
    ...[model, String(requestsBefore), String(requestsAfter), String(averageOutputTokens ?? "-"), msOf(latency)],
  ]);
  const moves = byModel.map(({ from: before, to, requestCount: count }) => [before, to, String(count)]);
  return [
    `${requestCount} requests from ${from} to ${until}: ${changedCount} would change model, ${refusedCount} would be refused`,
    `cost: ${usdOf(backtest.actualUsd)} as it was, ${usdOf(backtest.thenUsd)} with this version`,
    ...intervalOf(backtest),
    `time to the end of an answer (half, 95 %): ${msOf(backtest.latency.actual)} as it was, ${msOf(backtest.latency.draft)} with this version`,
    ...formatTable([...TEAM_HEADINGS, ...(refusedCount > 0 ? ["refused then"] : [])], teams).split("\n"),
    ...formatTable(["model", "as it was", "then", "tokens an answer", "half, 95 %"], mix).split("\n"),
    ...(moves.length === 0 ? [] : formatTable(["from", "to", "requests"], moves).split("\n")),
    ...backtest.confidence,
    ...backtest.notes,
  ];
}

/** Nothing where all is certain. */
function intervalOf({ thenUsd, thenLowUsd, thenHighUsd, thenByUsualAnswersUsd }: Backtest): string[] {
  if (thenUsd === null || (thenLowUsd === thenUsd && thenHighUsd === thenUsd)) return [];
  const most = thenHighUsd === null ? "without a known bound above" : `at most $${thenHighUsd}`;
  const usual =
    thenByUsualAnswersUsd === null ? [] : [`$${thenByUsualAnswersUsd} if answers were as long as usual there`];
  return [`with this version at least ${usdOf(thenLowUsd)}, ${[most, ...usual].join(", ")}`];
}

function usdOf(text: string | null): string {
  return text === null ? "unknown" : `$${text}`;
}

function msOf(latency: Latency | null): string {
  return latency === null ? "unknown" : `${latency.p50Ms} ms, ${latency.p95Ms} ms`;
}
