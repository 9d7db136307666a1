// The simulator's prices and our own figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findOwnModel, SIMULATOR_MODELS } from "./own-models.ts";

test("the simulator costs $0.15/$0.60 and $5/$15 per million tokens", () => {
  const rates = SIMULATOR_MODELS.map(({ prices }) => prices[0]?.price.tiers[0]?.rates);
  assert.deepEqual(
    rates.map((rate) => [rate?.input, rate?.cachedInput, rate?.output]),
    [
      [150_000n, 75_000n, 600_000n],
      [5_000_000n, 500_000n, 15_000_000n],
    ],
  );
});

test("a model we know nothing of has no figures of its own", () => {
  assert.equal(findOwnModel("openai", "constructor"), undefined);
  assert.equal(findOwnModel("openai", "gpt-4.1")?.maxOutputTokens, 32_768);
});
