// A long beginning seen a short while ago is cached; anything else is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LIFE_MS, PREFIX_TOKENS_MIN, PromptCache, STEP_TOKENS } from "./prompt-cache.ts";
import { BYTES_PER_TOKEN } from "./tokens.ts";

const textOfTokens = (tokens: number) =>
  Array.from({ length: tokens * BYTES_PER_TOKEN }, (_, at) => String.fromCharCode(97 + ((at * at) % 23))).join("");
const long = textOfTokens(2_000);
const wholeSteps = Math.floor(2_000 / STEP_TOKENS) * STEP_TOKENS;

test("the second time, all whole steps of a long prompt are cached, for its model only", () => {
  const cache = new PromptCache();
  assert.equal(cache.lookUp("economy", long, 0), 0);
  assert.equal(cache.lookUp("premium", long, 0), 0);
  assert.equal(cache.lookUp("economy", `${long} and a new question`, 1), wholeSteps);
});

test("only the common beginning counts, and only from 1024 tokens on", () => {
  const cache = new PromptCache();
  cache.lookUp("economy", long, 0);
  const common = long.slice(0, 1_200 * BYTES_PER_TOKEN);
  assert.equal(cache.lookUp("economy", common + textOfTokens(500).toUpperCase(), 1), 9 * STEP_TOKENS);
  const short = new PromptCache();
  short.lookUp("economy", long.slice(0, (PREFIX_TOKENS_MIN - 1) * BYTES_PER_TOKEN), 0);
  assert.equal(short.lookUp("economy", long, 1), 0);
});

test("after five minutes without use it is forgotten; use keeps it", () => {
  const cache = new PromptCache();
  cache.lookUp("economy", long, 0);
  assert.equal(cache.lookUp("economy", long, LIFE_MS), wholeSteps);
  assert.equal(cache.lookUp("economy", long, 2 * LIFE_MS), wholeSteps);
  assert.equal(cache.lookUp("economy", long, 3 * LIFE_MS + 1), 0);
});
