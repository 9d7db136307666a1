import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlausible, NO_TOKENS, type TokenUsage } from "@waybill/domain";
import fc from "fast-check";
import { evidencedUsage, judgeUsage } from "./plausible-usage.ts";

const bounds = {
  inputTokensBound: 100n,
  isInputUnbounded: false,
  maxOutputTokens: 50n,
  estimatedInputTokens: 20n,
  countedOutputTokens: 7n,
};
const usage = (changes: Partial<TokenUsage>): TokenUsage => ({ ...NO_TOKENS, input: 30n, output: 9n, ...changes });

test("a consistent figure is believed, above the bounds too", () => {
  for (const reported of [usage({}), usage({ cachedInput: 30n, reasoningOutput: 9n }), usage({ input: 900n })]) {
    assert.deepEqual(judgeUsage(reported, bounds), { usage: reported, isSuspect: false });
  }
});

test("nothing reported where something came is replaced by the evidence", () => {
  const judged = judgeUsage(NO_TOKENS, bounds);
  assert.deepEqual([judged.usage.input, judged.usage.output, judged.isSuspect], [20n, 7n, true]);
});

test("negative and far too large figures are bounded", () => {
  assert.equal(judgeUsage(usage({ output: -7n }), bounds).usage.output, 7n);
  assert.equal(judgeUsage(usage({ output: 9_007_199_254_740_991n }), bounds).usage.output, 50n);
  assert.equal(judgeUsage(usage({ input: 9_007_199_254_740_991n }), bounds).usage.input, 100n);
  const unbounded = { ...bounds, inputTokensBound: 0n, maxOutputTokens: 0n };
  assert.equal(judgeUsage(usage({ output: 9_007_199_254_740_991n }), unbounded).usage.output, 7n);
});

test("of input that the body does not show any figure is believed that can be one", () => {
  const unseen = { ...bounds, isInputUnbounded: true };
  const judged = judgeUsage(usage({ input: 900_000n }), unseen);
  assert.deepEqual([judged.usage.input, judged.isSuspect], [900_000n, false]);
  assert.deepEqual(judgeUsage(usage({ input: 900_000n }), bounds).usage.input, 100n);
  const absurd = judgeUsage(usage({ input: 9_007_199_254_740_991n }), unseen);
  assert.deepEqual([absurd.usage.input, absurd.isSuspect], [20n, true]);
});

test("parts never exceed their whole", () => {
  const judged = judgeUsage(usage({ cachedInput: 31n, reasoningOutput: 10n }), bounds);
  assert.deepEqual([judged.usage.cachedInput, judged.usage.reasoningOutput, judged.isSuspect], [30n, 9n, true]);
});

test("whatever is reported, what is booked is plausible; what is plausible and near is not touched", () => {
  const count = fc.oneof(fc.bigInt(-1_000n, 1_000n), fc.bigInt(-(2n ** 60n), 2n ** 60n));
  const any = fc.record({
    input: count,
    cachedInput: count,
    cacheWrite5m: count,
    cacheWrite1h: count,
    output: count,
    reasoningOutput: count,
  });
  fc.assert(
    fc.property(any, (reported) => {
      const judged = judgeUsage(reported, bounds);
      assert.ok(isPlausible(judged.usage));
      const isNear = reported.input > 0n && reported.input <= 1_000n && reported.output > 0n && reported.output <= 500n;
      if (isPlausible(reported) && isNear) assert.deepEqual(judged, { usage: reported, isSuspect: false });
      if (!isPlausible(reported)) assert.ok(judged.isSuspect);
    }),
  );
});

test("evidence stays within what the hold was computed for", () => {
  const evidenced = evidencedUsage({ ...bounds, estimatedInputTokens: 500n, countedOutputTokens: 500n });
  assert.deepEqual([evidenced.input, evidenced.output], [100n, 50n]);
});
