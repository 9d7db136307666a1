// The base catalogue as its package ships it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ratesFor } from "@waybill/domain";
import { catalogueProviderOf, findBaseModel, isCatalogueProvider } from "./base-prices.ts";
import { priceInForce } from "./price-entry.ts";

const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);

test("a model's price is exact and names its source", () => {
  const found = findBaseModel("openai", "gpt-4.1-mini-2025-04-14");
  assert.equal(found?.catalogueId, "gpt-4.1-mini");
  const price = priceInForce(found?.entries ?? [], at("2026-11-22"));
  assert.match(price?.version ?? "", /^genai-prices-\d+\.\d+\.\d+$/);
  assert.ok(price);
  const rates = ratesFor(price, 1n);
  assert.deepEqual([rates.input, rates.cachedInput, rates.output], [400_000n, 100_000n, 1_600_000n]);
});

test("a price change has its date", () => {
  const entries = findBaseModel("openai", "o3")?.entries ?? [];
  const before = priceInForce(entries, at("2025-06-01"));
  const after = priceInForce(entries, at("2025-07-01"));
  assert.ok(before && after);
  assert.deepEqual([ratesFor(before, 1n).input, ratesFor(after, 1n).input], [10_000_000n, 2_000_000n]);
  assert.match(after.version, /-from-2025-06-10$/);
});

test("a tier holds for the whole request above its size", () => {
  const price = priceInForce(findBaseModel("openai", "gpt-5.4")?.entries ?? [], at("2026-11-22"));
  assert.ok(price);
  assert.equal(price.tiers.length, 2);
  assert.equal(ratesFor(price, 271_999n).output, 15_000_000n);
  assert.equal(ratesFor(price, 272_000n).output, 22_500_000n);
});

test("a price that cannot be said exactly is unknown and says why", () => {
  const found = findBaseModel("openrouter", "google/gemini-2.5-flash-lite");
  assert.deepEqual(found?.entries, []);
  assert.match(found?.priceProblem ?? "", /cannot be said exactly/);
});

test("a price that depends on the time of day is unknown", () => {
  assert.match(findBaseModel("deepseek", "deepseek-chat")?.priceProblem ?? "", /depends on time_of_date/);
});

test("a missing price of output is nothing only for a model that has no output", () => {
  assert.match(findBaseModel("openai", "text-embedding-3-small")?.priceProblem ?? "", /no price for text/);
  const price = priceInForce(findBaseModel("openai", "text-embedding-3-small", true)?.entries ?? [], at("2026-11-22"));
  assert.ok(price);
  assert.deepEqual([ratesFor(price, 1n).input, ratesFor(price, 1n).output], [20_000n, 0n]);
});

test("a provider is known by its base URL only", () => {
  assert.equal(catalogueProviderOf("https://api.openai.com/v1"), "openai");
  assert.equal(catalogueProviderOf("http://127.0.0.1:11434/v1"), undefined);
  assert.equal(isCatalogueProvider("openai"), true);
  assert.equal(isCatalogueProvider("nobody"), false);
});

test("an unknown model has no price rather than a similar one's", () => {
  assert.equal(findBaseModel("openai", "no-such-model"), undefined);
});
