// When it is worth counting.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal, BudgetUnit } from "@waybill/wire";
import { isWorthCounting, tokenizerOf } from "./count-input.ts";
import { sampleModel } from "./sample-models.ts";

const MODEL = sampleModel("sim/premium");
const REQUEST = {
  ...{ maxOutputTokens: 100n, choiceCount: 1, inputTextBytes: 40_000n, inputPartCount: 1, inputCount: 1 },
  ...{ hasUnseenInput: false, hasImages: false, wantsEmbeddings: false, hasTools: false, hasJsonSchema: false },
  ...{ exactInputTokens: 0n, exactTokenizer: "", estimatedInputTokens: 10_000n, keptModel: "" },
};
/** Of tokens: half of 10,000 of input guessed, 16 and 400 of overhead, and at least 20 of output. */
const left = (tokens: bigint): BudgetRefusal =>
  BudgetRefusal.create({ unit: BudgetUnit.TOKENS, leftPicoUsd: String(tokens) });

test("OpenAI's models are known by their names, at OpenAI alone", () => {
  assert.equal(tokenizerOf("openai", "gpt-4o-mini-2024-07-18"), "o200k_base");
  assert.equal(tokenizerOf("openai", "gpt-4.1"), "o200k_base");
  assert.equal(tokenizerOf("openai", "gpt-4-turbo"), "cl100k_base");
  assert.equal(tokenizerOf("openai", "o3-mini"), "o200k_base");
  assert.equal(tokenizerOf("openai", "llama-3"), "");
  assert.equal(tokenizerOf("openai-compatible", "gpt-4o"), "", "whoever calls its model so");
});

test("what the guess says has room is counted, and what it says has none is not", () => {
  assert.equal(isWorthCounting(REQUEST, MODEL, MODEL.price, 20n, left(5_436n)), true);
  assert.equal(isWorthCounting(REQUEST, MODEL, MODEL.price, 20n, left(5_435n)), false);
  const money = (text: string): BudgetRefusal => BudgetRefusal.create({ leftPicoUsd: text });
  assert.equal(isWorthCounting(REQUEST, MODEL, MODEL.price, 20n, money("1000000000000")), true);
  assert.equal(isWorthCounting(REQUEST, MODEL, MODEL.price, 20n, money("1")), false);
});

test("what cannot be counted exactly, or was, is not counted", () => {
  const plenty = left(1_000_000n);
  for (const change of [
    { exactTokenizer: "o200k_base" },
    { exactTokenizer: "-" },
    { hasTools: true },
    { hasJsonSchema: true },
    { hasImages: true },
    { hasUnseenInput: true },
    { wantsEmbeddings: true },
    { keptModel: "a/b" },
  ]) {
    assert.equal(isWorthCounting({ ...REQUEST, ...change }, MODEL, MODEL.price, 20n, plenty), false);
  }
  const ofRequests = BudgetRefusal.create({ unit: BudgetUnit.REQUESTS, leftPicoUsd: "1000000" });
  assert.equal(isWorthCounting(REQUEST, MODEL, MODEL.price, 20n, ofRequests), false);
});
