import assert from "node:assert/strict";
import { test } from "node:test";
import { readUsage } from "./usage.ts";

test("input is what was sent, what the cache gave and what it took, by its life", () => {
  const usage = readUsage({
    ...{ input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 30, output_tokens: 7 },
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    output_tokens_details: { thinking_tokens: 4 },
  });
  assert.deepEqual(usage, {
    ...{ input: 135n, cachedInput: 100n, cacheWrite5m: 10n, cacheWrite1h: 20n, output: 7n, reasoningOutput: 4n },
  });
});

test("later figures win, and a null says nothing", () => {
  const start = { input_tokens: 5, cache_creation_input_tokens: 3, output_tokens: 1 };
  const usage = readUsage(start, { input_tokens: null, output_tokens: 9 });
  assert.deepEqual([usage?.input, usage?.cacheWrite5m, usage?.output], [8n, 3n, 9n]);
});

test("what is no usage is not zero", () => {
  for (const given of [undefined, null, {}, { input_tokens: 5 }, { input_tokens: "5", output_tokens: 1 }]) {
    assert.equal(readUsage(given), undefined);
  }
});
