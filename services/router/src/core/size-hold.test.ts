// What has to be held, by bytes or by what was counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal, BudgetUnit, Features } from "@waybill/wire";
import { NO_SIZE } from "./bounds.ts";
import type { IndexedBudget } from "./budget-index.ts";
import { sampleModel } from "./sample-models.ts";
import { sizeOf, tokenizerToCountWith } from "./size-hold.ts";
import { Snapshot } from "./snapshot.ts";

const entry = { ...sampleModel("sim/premium"), upstreamModel: "gpt-4o" };
const snapshot = new Snapshot();
snapshot.setProvider(entry.provider, "openai");
const options = { snapshot, leastOutputTokens: 20 };
const features = Features.fromPartial({
  ...{
    inputTextBytes: 40_000n,
    estimatedInputTokens: 10_000n,
    inputPartCount: 1,
    choiceCount: 1,
    maxOutputTokens: 100n,
  },
});
const exact = { ...features, exactInputTokens: 9_000n, exactTokenizer: "o200k_base" };
const budget = (hard: boolean, unit: BudgetUnit = BudgetUnit.UNSPECIFIED): IndexedBudget =>
  ({ hard, unit }) as IndexedBudget;

test("counted tokens take the place of bytes at a model that counts so", () => {
  const tokens = (of: Features): bigint | undefined =>
    sizeOf(options, { features: of, route: "" }, entry, [budget(true)])?.worstTokens;
  assert.equal(tokens(features), 40_000n + 416n + 100n);
  assert.equal(tokens(exact), 9_000n + 416n + 100n);
  assert.equal(tokens({ ...exact, exactTokenizer: "cl100k_base" }), 40_000n + 416n + 100n);
});

test("what cannot be bounded is refused by hard budgets of money and tokens alone", () => {
  const unbounded = { features: { ...features, hasUnseenInput: true }, route: "" };
  const unknown = { ...entry, contextWindowTokens: 0n };
  assert.equal(sizeOf(options, unbounded, unknown, [budget(true)]), undefined);
  assert.equal(sizeOf(options, unbounded, unknown, [budget(true, BudgetUnit.REQUESTS), budget(false)]), NO_SIZE);
});

test("what has no room by its bytes is counted where its tokens may have it, and where the tokenizer is known", () => {
  const refusal = BudgetRefusal.create({ unit: BudgetUnit.TOKENS, leftPicoUsd: "20000" });
  assert.equal(tokenizerToCountWith(options, features, entry, refusal), "o200k_base");
  assert.equal(tokenizerToCountWith(options, exact, entry, refusal), undefined);
  assert.equal(tokenizerToCountWith(options, features, { ...entry, upstreamModel: "other" }, refusal), undefined);
  assert.equal(tokenizerToCountWith(options, features, entry, { ...refusal, leftPicoUsd: "100" }), undefined);
});
