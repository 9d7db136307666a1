// What an alert says.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  amountText,
  nameOf,
  overHoldAlert,
  spoken,
  spokenSpan,
  standingData,
  type Watched,
  windowOf,
} from "./alert.ts";

const USD = 1_000_000_000_000n;
const watched: Watched = {
  ...{ budgetId: "support", budgetName: "Support", organisationId: "acme", value: "", unit: "usd", windowId: 7n },
  ...{ windowStartsAtMs: 0, windowEndsAtMs: 86_400_000, rollingMs: undefined },
  ...{ limit: 10n * USD, posted: 8n * USD, alertPercents: [] },
};

test("amounts are spoken to the cent, below a dollar exactly, and written exactly", () => {
  assert.equal(spoken("usd", 12_345_678_901_234n), "12.34 USD");
  assert.equal(spoken("usd", 50_000_000_000n), "0.05 USD");
  assert.equal(spoken("usd", 1n), "0.000000000001 USD");
  assert.equal(spoken("tokens", 7n), "7 tokens");
  assert.equal(amountText("usd", 12_345_678_901_234n), "12.345678901234");
  assert.equal(amountText("requests", 7n), "7");
});

test("a span is spoken to the minute, above a day to the hour", () => {
  assert.equal(spokenSpan(119_999), "1 min");
  assert.equal(spokenSpan(3_600_000), "1 h 0 min");
  assert.equal(spokenSpan(26.5 * 3_600_000), "1 d 2 h");
});

test("a window is its row; a rolling one is another each time its length has passed", () => {
  assert.equal(windowOf(watched, 5), "7");
  const rolling = { ...watched, rollingMs: 1_000 };
  assert.equal(windowOf(rolling, 1_999), windowOf(rolling, 1_000));
  assert.notEqual(windowOf(rolling, 2_000), windowOf(rolling, 1_999));
});

test("a counter says whose it is, and a budget without a name its id", () => {
  assert.equal(nameOf({ ...watched, value: "ivy" }), "Support for ivy");
  assert.equal(nameOf({ ...watched, budgetName: "" }), "Budget support");
  assert.equal(standingData(watched).value, undefined);
  assert.equal(standingData({ ...watched, value: "ivy" }).value, "ivy");
  assert.deepEqual([standingData(watched).limit, standingData(watched).spent], ["10", "8"]);
});

test("a call above its hold is told once an hour of each budget", () => {
  const of = { ...watched, templateValue: "ivy" };
  const one = overHoldAlert(of, { attemptId: "a.1", cost: 3n * USD, over: USD }, 3_600_000);
  assert.equal(one.once, "over_hold:support:1");
  assert.match(one.summary, /Support for ivy cost 3\.00 USD, which is 1\.00 USD more than was held/);
  assert.deepEqual([one.data.cost, one.data.overBy, one.data.attemptId], ["3", "1", "a.1"]);
  assert.equal(overHoldAlert(of, { attemptId: "b.1", cost: 3n, over: 1n }, 7_199_999).once, one.once);
});
