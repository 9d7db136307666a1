// Which alerts follow, and when none does.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Watched } from "./alert.ts";
import { NO_SPEND, type Spend } from "./burn.ts";
import { judgeBurn, judgeProjection, judgeSession, judgeThresholds, type SessionTrail } from "./judge-spend.ts";

const HOUR_MS = 3_600_000;
const NOW = 1_000 * HOUR_MS;
const watched: Watched = {
  ...{ budgetId: "b", budgetName: "B", organisationId: "acme", value: "", unit: "tokens", windowId: 7n },
  ...{ windowStartsAtMs: 0, windowEndsAtMs: NOW + 10 * HOUR_MS, rollingMs: undefined },
  ...{ limit: 1_000n, posted: 500n, alertPercents: [50, 80, 100] },
};
const spend = (change: Partial<Spend>): Spend => ({ ...NO_SPEND, ...change });

test("every threshold that is reached is told under a name of its own, and none before", () => {
  const told = (posted: bigint): unknown[] =>
    judgeThresholds({ ...watched, posted }, NOW).map(({ data: { percent } }) => percent);
  assert.deepEqual(told(499n), []);
  assert.deepEqual(told(500n), [50]);
  assert.deepEqual(told(1_000n), [50, 80, 100]);
  const [alert] = judgeThresholds(watched, NOW);
  assert.equal(alert?.once, "threshold:7:50");
  assert.match(alert?.summary ?? "", /B has spent 500 tokens of 1000 tokens, which is 50 % or more/);
  assert.deepEqual(judgeThresholds({ ...watched, limit: 0n }, NOW), []);
});

test("a threshold is told exactly where the exact quotient reaches it", () => {
  const amount = fc.bigInt({ min: 1n, max: 10n ** 24n });
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 1_000 }), (limit, posted, percent) => {
      const told = judgeThresholds({ ...watched, limit, posted, alertPercents: [percent] }, NOW).length === 1;
      assert.equal(told, posted * 100n >= limit * BigInt(percent));
    }),
  );
});

test("a projection needs both rates, a tenth of the limit spent, and a window that does not end before", () => {
  // 500 left; 10 hours left.
  const fast = spend({ lastHour: 60n, last6Hours: 330n });
  const [alert] = judgeProjection(watched, fast, NOW);
  assert.equal(alert?.data.exhaustedAtMs, NOW + (500 * HOUR_MS) / 60);
  assert.match(alert?.summary ?? "", /used up in 8 h 20 min if/);
  assert.equal(alert?.once, "projected:7");
  assert.deepEqual(judgeProjection(watched, spend({ lastHour: 50n, last6Hours: 330n }), NOW), []);
  assert.deepEqual(judgeProjection(watched, spend({ lastHour: 60n, last6Hours: 300n }), NOW), []);
  const early = { ...watched, posted: 99n };
  assert.deepEqual(judgeProjection(early, spend({ lastHour: 900n, last6Hours: 5_400n }), NOW), []);
  assert.deepEqual(judgeProjection({ ...watched, posted: 1_000n }, fast, NOW), [], "nothing is left to be used up");
  assert.deepEqual(judgeProjection({ ...watched, rollingMs: HOUR_MS, windowEndsAtMs: undefined }, fast, NOW), []);
  // A total never ends: only what happens within a day is told.
  const total = { ...watched, windowEndsAtMs: undefined };
  assert.equal(judgeProjection(total, spend({ lastHour: 21n, last6Hours: 126n }), NOW).length, 1);
  assert.deepEqual(judgeProjection(total, spend({ lastHour: 20n, last6Hours: 120n }), NOW), []);
});

test("burn is odd against the busiest hour, lately and for an hour, and where it matters", () => {
  const odd = spend({ last5Min: 30n, lastHour: 200n, busiestHourBefore: 100n, hoursKnown: 23 });
  const [alert] = judgeBurn(watched, odd, NOW);
  assert.deepEqual([alert?.data.perHour, alert?.data.usualPerHour], ["200", "100"]);
  assert.match(alert?.once ?? "", /^burn_anomalous:b:41$/);
  for (const calm of [
    { last5Min: 24n },
    { lastHour: 199n },
    { hoursKnown: 11 },
    { lastHour: 9n, last5Min: 9n, busiestHourBefore: 1n },
  ]) {
    assert.deepEqual(
      judgeBurn(watched, { ...odd, ...calm }, NOW),
      [],
      JSON.stringify(calm, (_, v) => String(v)),
    );
  }
});

test("a session runs away when its prompts grow and it takes a tenth of a budget", () => {
  const trail: SessionTrail = {
    ...{ organisationId: "acme", session: "acme/s", keyId: "k", calls: 21, grown: 16 },
    ...{ inputTokensFirst: 100, inputTokensLast: 9_000, costPicoUsd: 100n, limitPicoUsd: 1_000n },
    ...{ budgetId: "b", budgetName: "B", value: "" },
  };
  const [alert] = judgeSession(trail, NOW);
  assert.equal(alert?.once, "runaway:acme:acme/s:1000");
  assert.match(alert?.summary ?? "", /21 calls in 10 minutes .* growing from 100 to 9000 tokens/);
  for (const tame of [{ calls: 19, grown: 18 }, { grown: 15 }, { costPicoUsd: 99n }, { limitPicoUsd: 0n }]) {
    assert.deepEqual(judgeSession({ ...trail, ...tame }, NOW), []);
  }
});
