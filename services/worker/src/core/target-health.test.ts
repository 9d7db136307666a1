// What a worker says about the models it calls.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CallEnd, TargetHealth } from "./target-health.ts";

const end = (code: CallEnd["code"], overrides: Partial<CallEnd> = {}): CallEnd => ({
  ...{ provider: "a", model: "m", code, firstTokenMs: 0, retryAfterMs: 0 },
  ...overrides,
});

test("calls, failures and times to the first token are those of the last ten seconds", () => {
  const health = new TargetHealth();
  health.ended(end("", { firstTokenMs: 100 }), 0);
  health.ended(end("upstream_error"), 5_000);
  health.ended(end("", { firstTokenMs: 300 }), 9_999);
  const [all] = health.figures(9_999);
  assert.deepEqual([all?.calls, all?.failures, all?.firstTokenMsSum, all?.firstTokens], [3, 1, 400n, 2]);
  const [later] = health.figures(12_000);
  assert.deepEqual([later?.calls, later?.failures], [2, 1]);
  assert.deepEqual(health.figures(60_000), []);
});

test("what the client or we ourselves did is no call of the provider's", () => {
  const health = new TargetHealth();
  for (const code of ["client_gone", "slow_reader", "not_sent", "draining", "bus_unavailable"] as const) {
    assert.equal(health.ended(end(code), 0), false);
  }
  assert.deepEqual(health.figures(0), []);
});

test("a run of failures is news from the fifth on, and so is its end", () => {
  const health = new TargetHealth();
  const news = [1, 2, 3, 4, 5, 6].map(() => health.ended(end("upstream_timeout"), 0));
  assert.deepEqual(news, [false, false, false, false, true, true]);
  assert.equal(health.figures(60_000)[0]?.failuresInARow, 6, "a run is not over because nobody calls");
  assert.equal(health.ended(end(""), 60_000), true);
  assert.equal(health.figures(60_000)[0]?.failuresInARow, 0);
});

test("a provider that refuses a request for what stands in it has answered", () => {
  for (const code of ["content_filter", "context_length_exceeded", "upstream_rejected"] as const) {
    const health = new TargetHealth();
    health.ended(end("upstream_error"), 0);
    health.ended(end(code), 1);
    const [figures] = health.figures(1);
    assert.deepEqual([figures?.calls, figures?.failures, figures?.failuresInARow], [2, 1, 0], code);
  }
});

test("every way in which a provider fails is a failure", () => {
  const health = new TargetHealth();
  const codes = ["upstream_error", "upstream_auth", "upstream_unreachable", "upstream_timeout"] as const;
  for (const code of [...codes, "upstream_truncated", "upstream_malformed"] as const) health.ended(end(code), 0);
  const [figures] = health.figures(0);
  assert.deepEqual([figures?.calls, figures?.failures, figures?.failuresInARow], [6, 6, 6]);
});

test("a run that nobody goes on with is forgotten, and its place is free", () => {
  const health = new TargetHealth();
  for (let model = 0; model < 2_000; model += 1) health.ended(end("upstream_error", { model: `${model}` }), 0);
  health.ended(end("upstream_error"), 1);
  assert.equal(health.figures(1).length, 2_000, "one more than there may be");
  assert.equal(health.figures(120_001).length, 0);
  health.ended(end("upstream_error"), 120_002);
  assert.equal(health.figures(120_002).length, 1);
});

test("a wish to be left alone is told at once and runs out", () => {
  const health = new TargetHealth();
  assert.equal(health.ended(end("upstream_rate_limited", { retryAfterMs: 2_000 }), 1_000), true);
  assert.deepEqual([health.figures(1_500)[0]?.retryAfterMs, health.figures(1_500)[0]?.rateLimited], [1_500, 1]);
  assert.equal(health.figures(3_001)[0]?.retryAfterMs, 0);
});

test("a wish to be left alone for an hour holds for half a minute from when it was said", () => {
  const health = new TargetHealth();
  health.ended(end("upstream_rate_limited", { retryAfterMs: 3_600_000 }), 0);
  assert.equal(health.figures(29_000)[0]?.retryAfterMs, 1_000);
  assert.deepEqual(health.figures(30_000), []);
});

test("a refusal for its rate neither begins nor ends a run", () => {
  const health = new TargetHealth();
  health.ended(end("upstream_error"), 0);
  health.ended(end("upstream_rate_limited"), 1);
  assert.equal(health.figures(1)[0]?.failuresInARow, 1);
});

test("whatever is called when, the figures are those of the calls of the last nine to ten seconds", () => {
  const calls = fc.array(
    fc.record({
      afterMs: fc.nat(4_000),
      code: fc.constantFrom<CallEnd["code"]>("", "upstream_error", "upstream_rate_limited", "client_gone"),
      firstTokenMs: fc.nat(50),
    }),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(calls, (ends) => {
      const health = new TargetHealth();
      const counted: { atMs: number; code: string; firstTokenMs: number }[] = [];
      let nowMs = 0;
      for (const { afterMs, code, firstTokenMs } of ends) {
        nowMs += afterMs;
        health.ended(end(code, { firstTokenMs }), nowMs);
        if (code !== "client_gone") counted.push({ atMs: nowMs, code, firstTokenMs });
        const fromMs = (Math.floor(nowMs / 1_000) - 9) * 1_000;
        const recent = counted.filter(({ atMs }) => atMs >= fromMs);
        const [figures] = health.figures(nowMs);
        assert.equal(figures?.calls ?? 0, recent.length);
        assert.equal(figures?.failures ?? 0, recent.filter((call) => call.code === "upstream_error").length);
        assert.equal(
          figures?.firstTokenMsSum ?? 0n,
          recent.reduce((sum, call) => sum + BigInt(call.firstTokenMs), 0n),
        );
      }
    }),
    { seed: 3 },
  );
});
