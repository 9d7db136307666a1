import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit, WhenAway } from "@waybill/wire";
import type { MatchedBudget } from "./credit.ts";
import type { Moment } from "./grant.ts";
import { Reserve } from "./reserve.ts";

const BUDGET: MatchedBudget = { id: "b", hard: true, unit: BudgetUnit.UNSPECIFIED, whenAway: WhenAway.ALLOW };
const at = (monotonicMs: number): Moment => ({ monotonicMs, unixMs: monotonicMs });
const all = (): bigint => 10n;

function reserve() {
  let made = 0;
  return new Reserve(60_000, () => `grant-${++made}`);
}

/** One in hand, of so much. */
function inHand(amountPicoUsd: bigint) {
  const kept = reserve();
  kept.want([BUDGET], at(0));
  const [ask] = kept.asks.splice(0);
  assert.ok(ask?.isReserve);
  kept.answered("b", { grantId: ask.grantId, amountPicoUsd, windowId: 7n, lifeMs: 3_600_000 }, at(10));
  return kept;
}

test("it is asked for once, of budgets that allow it alone", () => {
  const kept = reserve();
  const others = [
    { ...BUDGET, id: "deny", whenAway: WhenAway.UNSPECIFIED },
    { ...BUDGET, id: "soft", hard: false },
  ];
  for (let times = 0; times < 3; times += 1) kept.want([...others, BUDGET], at(0));
  assert.deepEqual(
    kept.asks.map(({ budgetId, isReserve }) => [budgetId, isReserve]),
    [["b", true]],
  );
});

test("it is cut to its end, and what is said at its end is what was cut", () => {
  const kept = inHand(25n);
  for (const _ of [1, 2]) {
    const [line] = kept.cut([BUDGET], all, at(20)) ?? [];
    assert.deepEqual(
      { ...line },
      { budgetId: "b", windowId: 7n, grantId: "grant-1", amountPicoUsd: 10n, hard: true, unit: BudgetUnit.UNSPECIFIED },
    );
  }
  assert.equal(kept.cut([BUDGET], all, at(20)), undefined);
  assert.equal(
    kept.cut([BUDGET], () => undefined, at(20)),
    undefined,
  );
  kept.closeAll();
  assert.deepEqual(kept.closings, [{ grantId: "grant-1", debitedPicoUsd: 20n }]);
});

test("all of a request's budgets have one, or nothing is cut", () => {
  const kept = inHand(25n);
  assert.equal(kept.cut([BUDGET, { ...BUDGET, id: "other" }], all, at(20)), undefined);
  kept.closeAll();
  assert.deepEqual(kept.closings, [{ grantId: "grant-1", debitedPicoUsd: 0n }]);
});

test("somebody who needs the money gets it, and it is asked for again after a while", () => {
  const kept = inHand(25n);
  kept.recall("b", at(1_000));
  assert.equal(kept.closings.length, 1);
  assert.equal(kept.cut([BUDGET], all, at(1_000)), undefined);
  kept.want([BUDGET], at(10_999));
  assert.equal(kept.asks.length, 0);
  kept.want([BUDGET], at(11_000));
  assert.equal(kept.asks.length, 1);
});

test("it is shared out anew every five minutes, but not while the service is silent", () => {
  const kept = inHand(25n);
  const allows = (): boolean => true;
  kept.sweep(at(299_000), allows, true);
  kept.sweep(at(301_000), allows, false);
  assert.equal(kept.closings.length, 0);
  kept.sweep(at(301_000), allows, true);
  assert.equal(kept.closings.length, 1);
  kept.want([BUDGET], at(301_000));
  assert.equal(kept.asks.length, 1);
});

test("what an outage used of it is asked for anew as soon as the service answers", () => {
  const kept = inHand(25n);
  kept.cut([BUDGET], all, at(1_000));
  kept.sweep(at(1_100), () => true, false);
  assert.equal(kept.closings.length, 0);
  kept.sweep(at(1_200), () => true, true);
  assert.deepEqual(kept.closings, [{ grantId: "grant-1", debitedPicoUsd: 10n }]);
});

test("it is over with its life, and with a budget that is gone", () => {
  const over = inHand(25n);
  over.sweep(at(3_600_001), () => true, false);
  assert.equal(over.closings.length, 1);
  const gone = inHand(25n);
  gone.sweep(at(20), () => false, true);
  assert.equal(gone.closings.length, 1);
  assert.equal(gone.cut([BUDGET], all, at(20)), undefined);
});

test("an ask without an answer is repeated as it was, because it may have been given", () => {
  const kept = reserve();
  kept.want([BUDGET], at(0));
  const [ask] = kept.asks.splice(0);
  kept.unanswered("b", ask?.grantId ?? "", at(2_000));
  kept.want([BUDGET], at(2_001));
  assert.equal(kept.asks.length, 0);
  kept.want([BUDGET], at(12_000));
  assert.equal(kept.asks[0]?.grantId, ask?.grantId);
});
