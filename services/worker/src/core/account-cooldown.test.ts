// When an account is left alone, for how long, and when it is well again.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AccountCall, type AccountState, afterCall, isCooling, WELL } from "./account-cooldown.ts";

const call = (code: AccountCall["code"], startedMs = 0, retryAfterMs = 0): AccountCall => ({
  ...{ code, startedMs, retryAfterMs },
});
const pauseOf = (state: AccountState, nowMs: number): number => Math.max(0, state.untilMs - nowMs);

test("a refusal for the rate is kept to as long as it asks, a minute at most", () => {
  assert.equal(pauseOf(afterCall(WELL, call("upstream_rate_limited", 0, 7_000), 100), 100), 7_000);
  assert.equal(pauseOf(afterCall(WELL, call("upstream_rate_limited", 0, 3_600_000), 100), 100), 60_000);
});

test("one that asks for nothing is given a second, then twice as long each time, up to half a minute", () => {
  let [state, nowMs]: [AccountState, number] = [WELL, 0];
  const pauses = Array.from({ length: 7 }, () => {
    nowMs = Math.max(nowMs, state.untilMs);
    state = afterCall(state, call("upstream_rate_limited", nowMs), nowMs);
    return pauseOf(state, nowMs);
  });
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test("an answer that says its limit is used up is a pause before any refusal, and no run of them", () => {
  const answered = (state: AccountState, nowMs: number): AccountState =>
    afterCall(state, { ...call("", nowMs), usedUpMs: 3_000 }, nowMs);
  const once = answered(WELL, 100);
  assert.deepEqual([once.reason, pauseOf(once, 100), once.pauses], ["rate_limited", 3_000, 0]);
  // One that was under way then, and one that was asked afterwards and says there is room again.
  assert.deepEqual(afterCall(once, call("", 50), 200), once);
  assert.equal(afterCall(once, call("", 3_200), 3_300), WELL);
});

test("whoever asks for a pause is given it, whatever the status", () => {
  const down = afterCall(WELL, call("upstream_error", 0, 4_000), 0);
  assert.deepEqual([down.reason, pauseOf(down, 0)], ["rate_limited", 4_000]);
});

test("a refusal of the key is given longer", () => {
  const first = afterCall(WELL, call("upstream_auth"), 0);
  assert.deepEqual([first.reason, pauseOf(first, 0)], ["auth", 60_000]);
  const second = afterCall(first, call("upstream_auth", 60_000), 60_000);
  assert.equal(pauseOf(second, 60_000), 120_000);
});

test("failures count from the third in a row, and a success between them begins anew", () => {
  let state = afterCall(afterCall(WELL, call("upstream_error"), 0), call("upstream_unreachable"), 0);
  assert.equal(isCooling(state, 0), false);
  assert.equal(isCooling(afterCall(afterCall(state, call(""), 0), call("upstream_error"), 0), 0), false);
  state = afterCall(state, call("upstream_timeout"), 0);
  assert.deepEqual([state.reason, pauseOf(state, 0)], ["failing", 2_000]);
  // It is tried after its pause, and one more failure is enough.
  state = afterCall(state, call("upstream_error", 2_000), 2_000);
  assert.equal(pauseOf(state, 2_000), 4_000);
});

test("a success ends everything, unless its call had begun before the pause", () => {
  const cooling = afterCall(WELL, call("upstream_rate_limited", 0, 5_000), 1_000);
  assert.equal(afterCall(cooling, call("", 999), 2_000), cooling);
  assert.equal(afterCall(cooling, call("", 1_001), 2_000), WELL);
  assert.equal(afterCall(cooling, call("content_filter", 6_100), 6_200), WELL, "an answer is one, whatever it says");
});

test("a burst of refusals is one pause, as long as the longest asks for", () => {
  const cooling = afterCall(WELL, call("upstream_rate_limited", 0, 5_000), 1_000);
  assert.equal(afterCall(cooling, call("upstream_rate_limited", 500), 1_001), cooling);
  const longer = afterCall(cooling, call("upstream_rate_limited", 500, 9_000), 1_001);
  assert.deepEqual([longer.pauses, longer.untilMs], [1, 10_001]);
  assert.equal(afterCall(cooling, call("upstream_error", 500), 1_001), cooling);
});

test("a short pause that is asked for does not make a refused key's long one a matter of the rate", () => {
  const refused = afterCall(WELL, call("upstream_auth"), 0);
  const asked = afterCall(refused, call("upstream_error", 1_000, 1), 1_000);
  assert.deepEqual([asked.reason, asked.untilMs, asked.pauses], ["auth", 60_000, 2]);
  const longer = afterCall(refused, call("upstream_rate_limited", 59_000, 30_000), 59_000);
  assert.deepEqual([longer.reason, longer.untilMs], ["rate_limited", 89_000]);
});

test("what clients or we ourselves did changes nothing", () => {
  const codes = ["client_gone", "slow_reader", "draining", "not_sent", "bus_unavailable", "internal_error"] as const;
  for (const code of codes) assert.equal(afterCall(WELL, call(code), 0), WELL);
});

test("whatever happens, no pause is longer than ten minutes, and none is shortened by a failure", () => {
  const codes = ["upstream_rate_limited", "upstream_auth", "upstream_error", "", "client_gone"] as const;
  const steps = fc.array(
    fc.record({ code: fc.constantFrom(...codes), afterMs: fc.nat(90_000), retryAfterMs: fc.nat(10_000_000) }),
  );
  fc.assert(
    fc.property(steps, (events) => {
      let [state, nowMs]: [AccountState, number] = [WELL, 0];
      for (const { code, afterMs, retryAfterMs } of events) {
        nowMs += afterMs;
        const next = afterCall(state, { code, startedMs: nowMs, retryAfterMs }, nowMs);
        assert.ok(pauseOf(next, nowMs) <= 600_000);
        if (code !== "") assert.ok(next.untilMs >= state.untilMs);
        state = next;
      }
    }),
  );
});
