import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_TOKENS } from "@waybill/domain";
import { abortedCall, readUsage } from "./usage.ts";

const openAi = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  total_tokens: 2306,
  prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 128, audio_tokens: 0 },
};

test("OpenAI's figures: input includes what was cached, output includes reasoning", () => {
  assert.deepEqual(readUsage(openAi), {
    ...NO_TOKENS,
    input: 2006n,
    cachedInput: 1920n,
    output: 300n,
    reasoningOutput: 128n,
  });
});

test("what was written to the cache is part of the input, with a price of its own", () => {
  const wrote = { ...openAi, prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 900 } };
  const { input, cachedInput, cacheWrite5m, cacheWrite1h } = readUsage(wrote) ?? NO_TOKENS;
  assert.deepEqual([input, cachedInput, cacheWrite5m, cacheWrite1h], [2006n, 1000n, 900n, 0n]);
  // Whether it can be is judged elsewhere; what is no number is not there.
  assert.equal(readUsage({ ...openAi, prompt_tokens_details: { cache_write_tokens: 1e9 } })?.cacheWrite5m, 10n ** 9n);
  assert.equal(readUsage({ ...openAi, prompt_tokens_details: { cache_write_tokens: "9" } })?.cacheWrite5m, 0n);
});

test("what is not text is told apart where the provider does", () => {
  const spoken = {
    ...openAi,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 40, image_tokens: 30 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 20 },
  };
  assert.deepEqual(readUsage(spoken)?.notText, { audioInput: 40n, imageInput: 30n, audioOutput: 20n });
});

test("details may be missing or null, or named as DeepSeek does", () => {
  const plain = { prompt_tokens: 5, completion_tokens: 7, prompt_tokens_details: null };
  assert.deepEqual(readUsage(plain), { ...NO_TOKENS, input: 5n, output: 7n });
  assert.equal(readUsage({ ...plain, prompt_cache_hit_tokens: 4 })?.cachedInput, 4n);
});

test("reasoning that is not part of the completion is added to it", () => {
  const xAi = { ...openAi, total_tokens: 2006 + 300 + 128 };
  assert.deepEqual([readUsage(xAi)?.output, readUsage(xAi)?.reasoningOutput], [428n, 128n]);
});

test("absurd figures are read as they stand; unreadable ones not at all", () => {
  assert.equal(readUsage({ ...openAi, completion_tokens: -7 })?.output, -7n);
  for (const value of [
    undefined,
    null,
    7,
    [],
    {},
    { prompt_tokens: "5", completion_tokens: 7 },
    { prompt_tokens: 1.5, completion_tokens: 1 },
  ]) {
    assert.equal(readUsage(value), undefined);
  }
});

test("a stream cut short costs what came; a plain answer gives nothing to go by", () => {
  const evidenced = { ...NO_TOKENS, input: 5n, output: 3n };
  assert.deepEqual(abortedCall({ stream: true, evidenced }), evidenced);
  assert.equal(abortedCall({ stream: false, evidenced }), undefined);
});
