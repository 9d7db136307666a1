// What a request is expected to cost: for comparing only.
import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePrice } from "../sample-models.ts";
import { expectedCostPicoUsd, expectedSize, USUAL_OUTPUT_TOKENS } from "./expected-cost.ts";

test("an answer is expected to be of usual length, unless the client allows less", () => {
  const size = (maxOutputTokens: bigint, choiceCount = 1) =>
    expectedSize({ estimatedInputTokens: 10n, maxOutputTokens, choiceCount }).outputTokens;
  assert.deepEqual(
    [size(0n), size(100n), size(9_999n), size(100n, 3)],
    [USUAL_OUTPUT_TOKENS, 100, USUAL_OUTPUT_TOKENS, 300],
  );
});

test("input and output at their rates, and the cached rate where the model knows the session", () => {
  const price = samplePrice(2n, 8n);
  const rates = { ...price.tiers[0]?.rates, cachedInput: 1n } as NonNullable<(typeof price.tiers)[0]>["rates"];
  const cached = { ...price, tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd: 5n };
  const size = { inputTokens: 100, outputTokens: 10 };
  assert.equal(expectedCostPicoUsd(cached, size), 5 + 200 + 80);
  assert.equal(expectedCostPicoUsd(cached, size, true), 5 + 100 + 80);
});

test("a large input has the rates of its tier", () => {
  const [small] = samplePrice(1n, 1n).tiers;
  const [large] = samplePrice(2n, 2n).tiers;
  assert.ok(small && large);
  const price = { ...samplePrice(1n, 1n), tiers: [small, { ...large, aboveInputTokens: 100n }] };
  assert.equal(expectedCostPicoUsd(price, { inputTokens: 100, outputTokens: 1 }), 101);
  assert.equal(expectedCostPicoUsd(price, { inputTokens: 101, outputTokens: 1 }), 204);
});

test("embeddings have no output to expect", () => {
  const asked = { estimatedInputTokens: 10n, maxOutputTokens: 0n, choiceCount: 1, wantsEmbeddings: true };
  assert.deepEqual(expectedSize(asked), { inputTokens: 10, outputTokens: 0 });
});
