import assert from "node:assert/strict";
import { test } from "node:test";
import { readUsage } from "./usage.ts";

test("figures are read with what was cached and what was thought, and nothing is made up", () => {
  const usage = {
    ...{ input_tokens: 100, input_tokens_details: { cached_tokens: 40, cache_write_tokens: 25 } },
    ...{ output_tokens: 30, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 130 },
  };
  assert.deepEqual(readUsage(usage), {
    ...{ input: 100n, cachedInput: 40n, cacheWrite5m: 25n, cacheWrite1h: 0n, output: 30n, reasoningOutput: 20n },
  });
  const bare = readUsage({ input_tokens: 1, output_tokens: 2 });
  assert.deepEqual([bare?.cachedInput, bare?.cacheWrite5m, bare?.reasoningOutput], [0n, 0n, 0n]);
  for (const none of [undefined, null, {}, { input_tokens: 1 }, { input_tokens: "1", output_tokens: 2 }, []]) {
    assert.equal(readUsage(none), undefined, JSON.stringify(none));
  }
  // Whether it can be is judged elsewhere.
  assert.equal(readUsage({ input_tokens: -7, output_tokens: 2 })?.input, -7n);
});
