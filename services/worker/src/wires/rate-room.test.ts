// Providers' own rate-limit headers, as they send them, and odd ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { usedUpMs } from "./rate-room.ts";

const NOW = Date.UTC(2026, 10, 27);
const read = (headers: Record<string, string>): number => usedUpMs((name) => headers[name] ?? "", NOW);
const openai = (limit: string, remaining: string, reset: string, unit = "requests"): number =>
  read({
    [`x-ratelimit-limit-${unit}`]: limit,
    [`x-ratelimit-remaining-${unit}`]: remaining,
    [`x-ratelimit-reset-${unit}`]: reset,
  });

test("while there is room, or nothing is said, nobody is left alone", () => {
  assert.equal(read({}), 0);
  assert.equal(openai("500", "499", "120ms"), 0);
  assert.equal(openai("500", "6", "1m0s"), 0);
});

test("a limit that is used up is left alone until about a twentieth is back, or one request where that is more", () => {
  assert.equal(openai("500", "0", "1m0s"), 3_000);
  assert.equal(openai("30000", "120", "6m0s", "tokens"), 18_000);
  assert.equal(openai("4", "0", "20s"), 5_000);
  assert.equal(openai("200", "0", "23h59m30s"), 30_000);
});

test("Anthropic says when, by its clock", () => {
  const reset = new Date(NOW + 40_000).toISOString();
  const headers = {
    "anthropic-ratelimit-input-tokens-limit": "20000",
    "anthropic-ratelimit-input-tokens-remaining": "0",
    "anthropic-ratelimit-input-tokens-reset": reset,
  };
  assert.equal(read(headers), 2_000);
  assert.equal(read({ ...headers, "anthropic-ratelimit-input-tokens-reset": new Date(NOW - 1).toISOString() }), 0);
});

test("what cannot be read says nothing", () => {
  for (const reset of ["", "soon", "-5s", "1e9s", "5", "9999999999s"]) assert.equal(openai("10", "0", reset), 0, reset);
  for (const text of ["", "-1", "1.5", "many"]) {
    assert.equal(openai(text, "0", "1s"), 0);
    assert.equal(openai("10", text, "1s"), 0);
  }
  assert.equal(openai("0", "0", "1s"), 0);
});
