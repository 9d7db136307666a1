// Runs summed: by team, model and move, exact, and unknown where nobody knows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel, samplePrice } from "../sample-models.ts";
import type { RunAgain, Way } from "./run-again.ts";
import { sampleAttempt } from "./sample-record.ts";
import { ANSWERS_LEAST, REST, SumRuns } from "./sum-runs.ts";

const B = sampleModel("b/m", { price: samplePrice(1n, 10n), maxOutputTokens: 0n });
const A: Way = { model: "a/m" };
const MOVED: Way = { model: "b/m" };
const REFUSED: Way = { refusalCode: "no_workers" };
const run = (before: Way, after: Way, more: Partial<RunAgain> = {}): RunAgain => ({
  ...{ teamId: "t", teamName: "T", decidedAtMs: 5, before, after, entry: "model" in after ? B : undefined },
  unrecorded: { draw: false, model: false, hold: false, budget: false },
  maxOutputTokens: 0n,
  ...more,
});
const answer = (outputTokens: bigint) => [sampleAttempt({ outputTokens, cachedInputTokens: 0n })];

test("sums, moves, the mix of models and refusals; what is unknown is in no sum", () => {
  const sums = new SumRuns();
  sums.add(run(A, A, { decidedAtMs: 7 }), answer(50n));
  sums.add(run(A, MOVED, { teamId: "u" }), answer(50n));
  sums.add(run(A, REFUSED), answer(50n));
  sums.add(run(REFUSED, MOVED), []);
  sums.skip();
  const { total, teams, models, moves, doubts, fromMs, untilMs, skipped, more } = sums.result(true);
  assert.deepEqual([total?.requests, total?.changed, total?.refusedBefore, total?.refusedAfter], [4n, 3n, 1n, 1n]);
  assert.deepEqual([total?.exact, total?.estimated, total?.unknown, total?.compared], [2n, 1n, 1n, 3n]);
  assert.deepEqual([total?.actualPicoUsd, total?.draftPicoUsd], ["15000", String(5_000 + 1_500)]);
  assert.deepEqual([total?.draftLowPicoUsd, total?.draftHighPicoUsd], [String(5_000 + 1_000), ""]);
  assert.deepEqual(
    teams.map(({ teamId, sums: of }) => [teamId, of?.requests]),
    [
      ["t", 3n],
      ["u", 1n],
    ],
  );
  assert.deepEqual(
    models.map(({ model, requestsBefore, requestsAfter, answers }) => [model, requestsBefore, requestsAfter, answers]),
    [
      ["a/m", 3n, 1n, 3n],
      ["refused: no_workers", 1n, 1n, 0n],
      ["b/m", 0n, 2n, 0n],
    ],
  );
  assert.deepEqual(
    moves.map(({ from, to, sums: of }) => [from, to, of?.requests]),
    [
      ["a/m", "b/m", 1n],
      ["a/m", "refused: no_workers", 1n],
      ["refused: no_workers", "b/m", 1n],
    ],
  );
  assert.deepEqual([doubts?.otherAnswer, doubts?.servedInstead, doubts?.draftByUsualAnswersPicoUsd], [1n, 1n, ""]);
  assert.deepEqual([fromMs, untilMs, skipped, more], [5n, 7n, 1n, true]);
});

test("usual answers and times of a model are told once there are enough of them", () => {
  const sums = new SumRuns();
  for (let index = 0; index < ANSWERS_LEAST - 1; index += 1) sums.add(run(MOVED, MOVED), answer(200n));
  sums.add(run(A, MOVED), answer(50n));
  assert.deepEqual(
    [sums.result(false).doubts?.draftByUsualAnswersPicoUsd, sums.result(false).draftLatency],
    ["", undefined],
  );
  sums.add(run(MOVED, MOVED), answer(200n));
  const { doubts, draftLatency } = sums.result(false);
  // What stays costs what it did; what moves has 1000 tokens in, and 200 out, as is usual there.
  assert.equal(doubts?.draftByUsualAnswersPicoUsd, String(ANSWERS_LEAST * 5_000 + 1_000 + 200 * 10));
  assert.ok((draftLatency?.p50Ms ?? 0) >= 1_000 && (draftLatency?.p50Ms ?? 0) <= 1_060);
});

test("beyond a thousand teams the rest is one", () => {
  const sums = new SumRuns();
  for (let index = 0; index < 1_010; index += 1) sums.add(run(A, A, { teamId: `team-${index}` }), answer(1n));
  const { teams } = sums.result(false);
  assert.equal(teams.length, 1_001);
  assert.deepEqual([teams[0]?.teamId, teams[0]?.sums?.requests], [REST, 10n]);
});
