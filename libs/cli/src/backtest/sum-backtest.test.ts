// Recorded requests run again, summed.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedRequest } from "../api/shapes.ts";
import { sumBacktest } from "./sum-backtest.ts";

const request = (
  teamId: string,
  before: string | null,
  after: string | null,
  costs: [string | null, string | null],
): PlannedRequest => ({
  ...{ requestId: "r", decidedAt: "2026-11-26T12:00:00.000Z", teamId, teamName: "", changed: before !== after },
  before: { model: before, refusalCode: before === null ? "no_workers" : null, costUsd: costs[0] },
  after: { model: after, refusalCode: after === null ? "budget_exceeded" : null, costUsd: costs[1] },
});

test("sums are exact, by team and in all, and moves are counted", () => {
  const sum = sumBacktest([
    request("a", "x/m", "y/m", ["0.1", "0.000000000001"]),
    request("a", "x/m", "x/m", ["0.2", "0.2"]),
    request("b", "x/m", "y/m", ["12.5", "1"]),
    request("b", "x/m", null, ["1", "0"]),
  ]);
  assert.deepEqual([sum.requestCount, sum.changedCount, sum.refusedCount], [4, 3, 1]);
  assert.deepEqual([sum.actualUsd, sum.thenUsd], ["13.8", "1.200000000001"]);
  assert.deepEqual(
    sum.byTeam.map(({ team, actualUsd }) => [team, actualUsd]),
    [
      ["a", "0.3"],
      ["b", "13.5"],
    ],
  );
  assert.deepEqual(sum.byModel, [
    { from: "x/m", to: "y/m", requestCount: 2 },
    { from: "x/m", to: "refused: budget_exceeded", requestCount: 1 },
  ]);
});

test("an unknown cost is in no sum and is said; where none is known there is no sum", () => {
  const one = sumBacktest([request("a", "x/m", "y/m", ["1", null]), request("a", "x/m", "x/m", ["2", "2"])]);
  assert.deepEqual([one.actualUsd, one.thenUsd], ["2", "2"]);
  assert.match(one.notes[0] ?? "", /in neither sum: 1 of them/);
  const none = sumBacktest([request("a", "x/m", "y/m", ["1", null])]);
  assert.deepEqual([none.actualUsd, none.thenUsd, none.byTeam[0]?.actualUsd], [null, null, null]);
});

test("two teams of one name are two", () => {
  const named = (teamId: string) => ({ ...request(teamId, "x/m", "x/m", ["1", "1"]), teamName: "Support" });
  assert.deepEqual(
    sumBacktest([named("a"), named("b")]).byTeam.map(({ team, teamId }) => [team, teamId]),
    [
      ["Support", "a"],
      ["Support", "b"],
    ],
  );
});

test("no requests are no error", () => {
  assert.deepEqual([sumBacktest([]).requestCount, sumBacktest([]).from], [0, null]);
});
