// What a month would cost, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimulatedCost } from "../api/simulations.ts";
import { formatSimulation } from "./simulation.ts";

const line = { part: "all", share: "1", calls: 10, inputTokens: 20, outputTokens: 30 };
const scenario = (model: string, costUsd: string | null) => ({
  costUsd,
  knownCostUsd: costUsd ?? "0.5",
  models: [],
  lines: [{ ...line, model, costUsd }],
});
const cost = (more: Partial<SimulatedCost>): SimulatedCost => ({
  daysPerMonth: 30,
  baseline: scenario("a/dear", "100"),
  proposal: scenario("a/cheap", "58"),
  delta: { costUsd: "-42", percent: "-42" },
  recorded: null,
  prices: [],
  assumptions: ["a month has 30 days"],
  ...more,
});

test("each line, both sums, the difference, and what is assumed", () => {
  assert.equal(
    formatSimulation(cost({})),
    [
      "          part  model    share  calls  input  output  USD a month",
      "baseline  all   a/dear   1      10     20     30      100",
      "proposal  all   a/cheap  1      10     20     30      58",
      "baseline $100, proposal $58: -$42 a month (-42 %)",
      "assumed: a month has 30 days",
    ].join("\n"),
  );
});

test("what is unknown is said", () => {
  const text = formatSimulation(
    cost({
      proposal: scenario("a/new", null),
      delta: null,
      recorded: {
        ...{ from: "2026-11-01", until: "2026-11-02", daysWithTraffic: 1, calls: 7 },
        ...{ costUsd: null, knownCostUsd: "3", perMonthUsd: null },
      },
    }),
  );
  assert.match(text, /proposal unknown \(of it known: \$0.5\): the difference is unknown/);
  assert.match(text, /7 calls on 1 days .* booked for an unknown cost \(of it known: \$3\)$/m);
});
