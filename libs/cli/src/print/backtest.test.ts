// Recorded requests run again, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Backtest, formatBacktest } from "./backtest.ts";

export function sampleBacktest(more: Partial<Backtest> = {}): Backtest {
  const team = { team: "Support", teamId: "s", requestCount: 10, changedCount: 4, refusedCount: 1 };
  return {
    ...{ requestCount: 10, changedCount: 4, refusedCount: 1, from: "F", until: "U", actualUsd: "2", thenUsd: null },
    ...{ thenLowUsd: null, thenHighUsd: null, thenByUsualAnswersUsd: null },
    ...{ exactCount: 6, estimatedCount: 3, unknownCount: 1 },
    byTeam: [{ ...team, actualUsd: "2", thenUsd: null }],
    byModel: [{ from: "a", to: "b", requestCount: 4 }],
    models: [
      {
        ...{ model: "a", requestsBefore: 10, requestsAfter: 6, answers: 10, averageOutputTokens: 50 },
        latency: { p50Ms: 100, p95Ms: 200 },
      },
      { model: "b", requestsBefore: 0, requestsAfter: 3, answers: 0, averageOutputTokens: null, latency: null },
    ],
    latency: { actual: { p50Ms: 100, p95Ms: 200 }, draft: null },
    ...{ confidence: ["60.0 % of the requests are exact"], notes: ["note"] },
    ...more,
  };
}

test("teams, models, moves, latency, and how far it can be trusted; unknown is no figure", () => {
  const text = formatBacktest(sampleBacktest()).join("\n");
  assert.match(text, /^time .*: 100 ms, 200 ms as it was, unknown with this version$/m);
  assert.match(text, /^Support +10 +4 +\$2 +unknown +1$/m);
  assert.match(text, /^b +0 +3 +- +unknown$/m);
  assert.match(text, /^a +b +4$/m);
  assert.match(text, /60.0 % of the requests are exact\nnote$/);
});

test("an interval is said where there is one, and nothing where all is certain", () => {
  const lines = (more: Partial<Backtest>) =>
    formatBacktest(sampleBacktest(more)).filter((line) => /at least/.test(line));
  assert.deepEqual(lines({ thenUsd: "2", thenLowUsd: "1", thenHighUsd: "9", thenByUsualAnswersUsd: "3" }), [
    "with this version at least $1, at most $9, $3 if answers were as long as usual there",
  ]);
  assert.deepEqual(lines({ thenUsd: "2", thenLowUsd: "1" }), [
    "with this version at least $1, without a known bound above",
  ]);
  assert.deepEqual(lines({ thenUsd: "2", thenLowUsd: "2", thenHighUsd: "2" }), []);
});
