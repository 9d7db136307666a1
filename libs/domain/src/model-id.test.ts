import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatModelId, parseModelId, subjectToken } from "./model-id.ts";

const text = fc.string({ unit: "grapheme" });

test("two names never share a subject token", () => {
  const tricky = fc.string({ unit: fc.constantFrom("_", "2", "E", "5", "F", ".", "-", "a", "é", "😀"), maxLength: 6 });
  for (const names of [text, tricky]) {
    fc.assert(
      fc.property(names, names, (one, other) => {
        assert.equal(subjectToken(one) === subjectToken(other), one === other);
      }),
      { numRuns: 2_000 },
    );
  }
});

test("a token can stand in any subject: no dot, no wildcard, no space", () => {
  fc.assert(fc.property(text, (name) => assert.match(subjectToken(name), /^[A-Za-z0-9_-]*$/)));
  assert.equal(subjectToken("gpt-4.1"), "gpt-4_2E1");
  assert.equal(subjectToken("*.>"), "_2A_2E_3E");
});

test("a model id is parsed at its first slash and written back", () => {
  assert.deepEqual(parseModelId("openrouter/meta/llama"), { provider: "openrouter", model: "meta/llama" });
  assert.equal(formatModelId({ provider: "openrouter", model: "meta/llama" }), "openrouter/meta/llama");
  for (const bare of ["gpt-4.1", "/gpt", "openai/", ""]) assert.equal(parseModelId(bare), undefined, bare);
});
