import assert from "node:assert/strict";
import { test } from "node:test";
import { surfaceNamed } from "./surfaces.ts";

test("who lets a provider choose another model or host has no price that bounds it, on any surface of OpenAI's", () => {
  for (const [surface, body] of [
    ["openai-chat", { messages: [{ role: "user", content: "x" }] }],
    ["openai-responses", { input: "x" }],
    ["openai-completions", { prompt: "x" }],
    ["openai-embeddings", { input: "x" }],
  ] as const) {
    const isUnbounded = (fields: object): boolean => {
      const bytes = Buffer.from(JSON.stringify({ model: "m", ...body, ...fields }));
      return surfaceNamed(surface)?.readRequest(bytes).isPriceUnbounded ?? assert.fail();
    };
    assert.equal(isUnbounded({ models: null, provider: null }), false);
    for (const fields of [
      { models: ["openai/o1-pro"] },
      { fallbacks: ["openai/o1-pro"] },
      { route: "fallback" },
      { provider: { order: ["dear"] } },
      { preset: "mine" },
    ]) {
      assert.equal(isUnbounded(fields), true, `${surface} ${JSON.stringify(fields)}`);
    }
  }
});
