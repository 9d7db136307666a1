import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlausible, NO_TOKENS, TOKENS_MAX } from "./tokens.ts";

test("no tokens, and parts that fill their whole, are plausible", () => {
  assert.ok(isPlausible(NO_TOKENS));
  assert.ok(
    isPlausible({ input: 6n, cachedInput: 1n, cacheWrite5m: 2n, cacheWrite1h: 3n, output: 4n, reasoningOutput: 4n }),
  );
  assert.ok(isPlausible({ ...NO_TOKENS, input: TOKENS_MAX, output: TOKENS_MAX }));
});

test("a part larger than its whole, a negative and an absurd count are not", () => {
  assert.ok(!isPlausible({ ...NO_TOKENS, cachedInput: 1n }));
  assert.ok(
    !isPlausible({ input: 5n, cachedInput: 2n, cacheWrite5m: 2n, cacheWrite1h: 2n, output: 0n, reasoningOutput: 0n }),
  );
  assert.ok(!isPlausible({ ...NO_TOKENS, reasoningOutput: 1n }));
  for (const kind of ["input", "output"] as const) {
    assert.ok(!isPlausible({ ...NO_TOKENS, [kind]: -1n }));
    assert.ok(!isPlausible({ ...NO_TOKENS, [kind]: TOKENS_MAX + 1n }));
  }
});
