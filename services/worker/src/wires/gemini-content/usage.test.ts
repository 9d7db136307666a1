import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_TOKENS } from "@waybill/domain";
import { abortedCall, readUsage } from "./usage.ts";

test("the prompt includes what was cached; thoughts and results of Google's tools are beside the rest", () => {
  const given = {
    ...{ promptTokenCount: 2006, cachedContentTokenCount: 1920, candidatesTokenCount: 172 },
    ...{ thoughtsTokenCount: 128, toolUsePromptTokenCount: 30, totalTokenCount: 2336 },
  };
  const read = readUsage(given);
  assert.deepEqual(read, { ...NO_TOKENS, input: 2036n, cachedInput: 1920n, output: 300n, reasoningOutput: 128n });
  assert.equal((read?.input ?? 0n) + (read?.output ?? 0n), BigInt(given.totalTokenCount));
});

test("nothing was generated; absurd figures stand as they are; unreadable ones are none", () => {
  assert.deepEqual(readUsage({ promptTokenCount: 5 }), { ...NO_TOKENS, input: 5n });
  assert.equal(readUsage({ promptTokenCount: 5, candidatesTokenCount: -7 })?.output, -7n);
  for (const value of [undefined, null, 7, [], {}, { promptTokenCount: "5" }, { promptTokenCount: 1.5 }]) {
    assert.equal(readUsage(value), undefined);
  }
});

test("there is no rule for a call that was cut short", () => {
  assert.equal(abortedCall({ stream: true, evidenced: NO_TOKENS }), undefined);
});
