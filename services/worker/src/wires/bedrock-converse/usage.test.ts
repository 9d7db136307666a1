import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_TOKENS } from "@waybill/domain";
import { abortedCall, readUsage } from "./usage.ts";

test("what came from the cache and what went into it is input beside the rest", () => {
  const given = {
    inputTokens: 60,
    outputTokens: 20,
    totalTokens: 180,
    cacheReadInputTokens: 40,
    cacheWriteInputTokens: 60,
  };
  assert.deepEqual(readUsage(given), {
    ...{ ...NO_TOKENS, input: 160n, cachedInput: 40n, cacheWrite5m: 60n, output: 20n },
  });
  const details = [
    { ttl: "1h", inputTokens: 50 },
    { ttl: "5m", inputTokens: 10 },
  ];
  const read = readUsage({ ...given, cacheDetails: details });
  assert.deepEqual([read?.cacheWrite1h, read?.cacheWrite5m], [50n, 10n]);
});

test("absurd figures stand as they are; unreadable ones are none", () => {
  assert.equal(readUsage({ inputTokens: 5, outputTokens: -7 })?.output, -7n);
  for (const value of [undefined, null, 7, [], {}, { inputTokens: "5", outputTokens: 1 }, { inputTokens: 1 }]) {
    assert.equal(readUsage(value), undefined);
  }
});

test("there is no rule for a call that was cut short", () => {
  assert.equal(abortedCall({ stream: true, evidenced: NO_TOKENS }), undefined);
});
