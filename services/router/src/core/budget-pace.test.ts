// How full budgets are and how fast they fill.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetPace } from "./budget-pace.ts";

const USD = 1_000_000_000_000n;
const figures = (limit: bigint, posted: bigint, held = 0n, granted = 0n) => ({
  ...{ limit: limit * USD, posted: posted * USD, held: held * USD, granted: granted * USD },
});
const A = { id: "a", name: "A" };

test("the tightest budget is the one with the largest used share, grants and holds included", () => {
  const pace = new BudgetPace();
  pace.told("a", figures(100n, 10n, 5n, 5n), 0);
  pace.told("b", figures(10n, 5n), 0);
  const facts = pace.tightest([A, { id: "b", name: "B" }, { id: "c", name: "C" }], 0);
  assert.deepEqual([facts?.name, facts?.usedShare, facts?.remainingUsd], ["B", 0.5, 5]);
  assert.equal(pace.tightest([A], 0)?.usedShare, 0.2);
  assert.equal(pace.tightest([{ id: "c", name: "C" }], 0), undefined);
});

test("a steady spend is known as its pace, and says when the rest is gone", () => {
  const pace = new BudgetPace();
  for (let minute = 0; minute <= 10; minute += 1) pace.told("a", figures(1_000n, BigInt(minute)), minute * 60_000);
  const facts = pace.tightest([A], 600_000);
  assert.ok(Math.abs((facts?.burnUsdPerHour ?? 0) - 60) < 1, `${facts?.burnUsdPerHour}`);
  assert.ok(Math.abs((facts?.hoursToExhaustion ?? 0) - 990 / 60) < 0.5);
});

test("nothing spent never runs out, and silence for two minutes is nothing spent", () => {
  const pace = new BudgetPace();
  pace.told("a", figures(10n, 1n), 0);
  assert.equal(pace.tightest([A], 0)?.hoursToExhaustion, -1);
  pace.told("a", figures(10n, 2n), 60_000);
  assert.ok((pace.tightest([A], 60_000)?.hoursToExhaustion ?? 0) > 0);
  assert.equal(pace.tightest([A], 60_000 + 120_000)?.hoursToExhaustion, -1);
});

test("a new window begins a new pace, and a limit of nothing is full", () => {
  const pace = new BudgetPace();
  pace.told("a", figures(10n, 9n), 0);
  pace.told("a", figures(10n, 0n), 60_000);
  assert.equal(pace.tightest([A], 60_000)?.burnUsdPerHour, 0);
  pace.told("a", figures(0n, 0n), 61_000);
  assert.equal(pace.tightest([A], 61_000)?.usedShare, 1);
});
