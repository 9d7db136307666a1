// Names of line items as the vendors write them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readItemName } from "./item-name.ts";

const NAMES: readonly [string, string, string][] = [
  ["Gemini 2.5 Flash GA Text Input - Predictions", "gemini-2.5-flash", "input"],
  ["Gemini 2.5 Flash GA Text Output - Predictions", "gemini-2.5-flash", "output"],
  ["Gemini 2.5 Flash GA Thinking Text Output - Predictions", "gemini-2.5-flash", "reasoning"],
  ["Gemini 3 Flash Text Input Caching", "gemini-3-flash", "cached_input"],
  ["Gemini 3 Flash Text Input Caching Storage", "gemini-3-flash", "other"],
  ["gpt-4o-mini-0718-Inp-glbl Tokens", "gpt-4o-mini-0718", "input"],
  ["gpt-4o-0806-Outp-glbl Tokens", "gpt-4o-0806", "output"],
  ["gpt 4o mini 0718 cached Inp glbl Tokens", "gpt-4o-mini-0718", "cached_input"],
  ["gpt 4o 0513 Input global Tokens", "gpt-4o-0513", "input"],
  ["NovaPro-input-tokens", "nova-pro", "input"],
  ["Nova2.0Lite-cache-read-input-token-count", "nova2.0-lite", "cached_input"],
  ["Nova2.0Lite-cache-write-input-token-count", "nova2.0-lite", "cache_write_5m"],
  ["Claude Sonnet 4 (Amazon Bedrock Edition) InputTokenCount-Units", "claude-sonnet-4", "input"],
  ["Claude Sonnet 4 (Amazon Bedrock Edition) CacheWriteInputTokenCount", "claude-sonnet-4", "cache_write_5m"],
  ["Claude Sonnet 4 (Amazon Bedrock Edition) CacheReadInputTokenCount", "claude-sonnet-4", "cached_input"],
  ["Grounding requests", "grounding", "requests"],
  ["Image generation", "image-generation", "other"],
];

for (const [name, model, kind] of NAMES) {
  test(`${name} is ${kind} of ${model}`, () => assert.deepEqual(readItemName(name), { model, kind }));
}
