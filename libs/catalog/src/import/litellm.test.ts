// LiteLLM's price file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importLitellm } from "./litellm.ts";

const FILE = {
  sample_spec: { mode: "chat", litellm_provider: "one of" },
  "gpt-4.1": {
    ...{ mode: "chat", litellm_provider: "openai", max_input_tokens: 1_047_576, max_output_tokens: 32_768 },
    ...{ input_cost_per_token: 2e-6, cache_read_input_token_cost: 5e-7, output_cost_per_token: 8e-6 },
    ...{ supports_function_calling: true, supports_vision: true, supports_response_schema: true },
  },
  "openai/gpt-4.1": { mode: "chat", litellm_provider: "openai", input_cost_per_token: 9, output_cost_per_token: 9 },
  "claude-sonnet-4-5": {
    ...{ mode: "chat", litellm_provider: "anthropic", max_input_tokens: 200_000, deprecation_date: "2027-01-01" },
    ...{ input_cost_per_token: 3e-6, input_cost_per_token_above_200k_tokens: 6e-6, output_cost_per_token: 1.5e-5 },
    ...{ output_cost_per_token_above_200k_tokens: 2.25e-5, cache_creation_input_token_cost: 3.75e-6 },
  },
  "dall-e-3": { mode: "image_generation", litellm_provider: "openai" },
  unpriced: { mode: "chat", litellm_provider: "openai" },
  "no-output-price": { mode: "chat", litellm_provider: "openai", input_cost_per_token: 1e-6 },
  "text-embedding-9": {
    ...{ mode: "embedding", litellm_provider: "openai", max_input_tokens: 8191, max_tokens: 8191 },
    ...{ input_cost_per_token: 2e-8, supports_vision: true },
  },
  "embedding-unpriced": { mode: "embedding", litellm_provider: "openai", output_cost_per_token: 0 },
  odd: { mode: "chat", litellm_provider: "openai", input_cost_per_token: 1.25e-13, output_cost_per_token: 1e-6 },
};
const OPTIONS = {
  providers: new Map([
    ["openai", "openai"],
    ["anthropic", "claude"],
  ]),
  wants: () => true,
};
const imported = importLitellm(JSON.stringify(FILE), OPTIONS);
const model = (name: string) => imported.models.find((each) => each.model === name);

test("windows, capabilities and exact prices are read; a model under two names is one", () => {
  const gpt = model("gpt-4.1");
  assert.deepEqual(
    [gpt?.provider, gpt?.contextWindowTokens, gpt?.maxOutputTokens, gpt?.capabilities],
    ["openai", 1_047_576, 32_768, ["tools", "images", "json_schema"]],
  );
  const rates = gpt?.price?.tiers[0]?.rates;
  assert.deepEqual([rates?.input, rates?.cachedInput, rates?.output], [2_000_000n, 500_000n, 8_000_000n]);
  assert.equal(imported.models.filter((each) => each.model === "gpt-4.1").length, 1);
});

test("the rates of a large input are a tier, and what it leaves out is as below it", () => {
  const claude = model("claude-sonnet-4-5");
  assert.equal(claude?.provider, "claude");
  assert.deepEqual(
    claude?.price?.tiers.map(({ aboveInputTokens, rates }) => [
      aboveInputTokens,
      rates.input,
      rates.output,
      rates.cacheWrite5m,
    ]),
    [
      [0n, 3_000_000n, 15_000_000n, 3_750_000n],
      [200_000n, 6_000_000n, 22_500_000n, 3_750_000n],
    ],
  );
  assert.equal(claude?.deprecatedAtMs, Date.UTC(2027, 0, 1));
});

test("what has no price, or none that can be said exactly, is unknown and said so; never zero", () => {
  assert.equal(model("unpriced")?.price, undefined);
  assert.equal(model("odd")?.price, undefined);
  assert.equal(imported.warnings.length, 4, imported.warnings.join("\n"));
  assert.match(imported.warnings.join("\n"), /openai\/odd: input_cost_per_token 1\.25e-13 cannot be said exactly/);
});

test("only models for text and embeddings, of the providers that are named", () => {
  assert.equal(model("dall-e-3"), undefined);
  const only = importLitellm(JSON.stringify(FILE), { ...OPTIONS, providers: new Map([["anthropic", "a"]]) });
  assert.deepEqual(
    only.models.map(({ provider }) => provider),
    ["a"],
  );
});

test("anything else is a problem, not an exception", () => {
  for (const text of ["", "[]", "null", "{"]) assert.ok(importLitellm(text, OPTIONS).problem);
});

test("a model for embeddings is one and nothing else; only its missing price of output is nothing", () => {
  const embedder = model("text-embedding-9");
  assert.deepEqual(
    [embedder?.capabilities, embedder?.contextWindowTokens, embedder?.maxOutputTokens],
    [["embeddings"], 8_191, 0],
  );
  const rates = embedder?.price?.tiers[0]?.rates;
  assert.deepEqual([rates?.input, rates?.output], [20_000n, 0n]);
  assert.equal(model("no-output-price")?.price, undefined);
  assert.equal(model("embedding-unpriced")?.price, undefined);
});
