// models.dev's file, in both of its shapes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importModelsDev } from "./models-dev.ts";

const GEMINI = {
  cost: { input: 1.25, output: 10, cache_read: 0.125, tiers: [{ tier: { size: 200_000 }, input: 2.5, output: 15 }] },
};
const GPT = {
  ...{ tool_call: true, structured_output: true, modalities: { input: ["text", "image"], output: ["text"] } },
  ...{ cost: { input: 2, output: 8, cache_read: 0.5 }, limit: { context: 1_047_576, output: 32_768 } },
};
const OPTIONS = {
  providers: new Map([
    ["openai", "openai"],
    ["google", "gemini"],
  ]),
  wants: () => true,
};

test("prices per million tokens are exact, tiers included", () => {
  const api = { openai: { models: { "gpt-4.1": GPT } }, google: { models: { "gemini-2.5-pro": GEMINI } } };
  const { models, warnings } = importModelsDev(JSON.stringify(api), OPTIONS);
  assert.deepEqual(warnings, []);
  const [gpt, gemini] = models;
  assert.deepEqual([gpt?.contextWindowTokens, gpt?.capabilities], [1_047_576, ["tools", "images", "json_schema"]]);
  assert.equal(gpt?.price?.tiers[0]?.rates.cachedInput, 500_000n);
  assert.deepEqual(
    gemini?.price?.tiers.map(({ aboveInputTokens, rates }) => [aboveInputTokens, rates.input, rates.cachedInput]),
    [
      [0n, 1_250_000n, 125_000n],
      [200_000n, 2_500_000n, 125_000n],
    ],
  );
});

test("what a model does not say itself is its base model's", () => {
  const file = {
    models: { "google/gemini-2.5-pro": { tool_call: true, limit: { context: 1_000_000, output: 65_536 } } },
    providers: {
      openai: { models: {} },
      google: { models: { "gemini-2.5-pro": { base_model: "google/gemini-2.5-pro", ...GEMINI } } },
    },
  };
  const [gemini] = importModelsDev(JSON.stringify(file), OPTIONS).models;
  assert.deepEqual([gemini?.contextWindowTokens, gemini?.capabilities], [1_000_000, ["tools"]]);
});

test("a price that cannot be read is unknown and said so, and a provider that is not there is named", () => {
  const file = { openai: { models: { free: { cost: { input: 1 } }, none: {} } } };
  const { models, warnings } = importModelsDev(JSON.stringify(file), OPTIONS);
  assert.deepEqual(
    models.map(({ price }) => price),
    [undefined, undefined],
  );
  assert.equal(warnings.length, 3, warnings.join("\n"));
  assert.match(warnings.join("\n"), /provider google: it has no models there/);
});

test("anything else is a problem, not an exception", () => {
  for (const text of ["", "[]", "null", "{"]) assert.ok(importModelsDev(text, OPTIONS).problem);
});
