// Names of the catalogue that are not there, and limits that no call fits into.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Price } from "@waybill/domain";
import { type BudgetTargets, checkTargets, type KnownModel } from "./check-targets.ts";

const price = (input: bigint, perRequestPicoUsd = 0n): Price => {
  const rates = {
    input,
    cachedInput: input,
    cacheWrite5m: input,
    cacheWrite1h: input,
    output: 9n,
    reasoningOutput: 9n,
  };
  return { version: "1", tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd };
};
const MODELS: KnownModel[] = [
  { provider: "openai", model: "large", price: price(100n, 5n) },
  { provider: "openai", model: "small", price: price(10n) },
  { provider: "vllm", model: "own", price: price(0n) },
];
const check = (given: Partial<BudgetTargets>, hasRoute = true, models: readonly KnownModel[] = MODELS) =>
  checkTargets({ route: "", provider: "", model: "", hardLimit: undefined, ...given }, hasRoute, models);
const fieldsOf = (...given: Parameters<typeof check>) => check(...given).map(({ field }) => field);

test("what is there is sound", () => {
  assert.deepEqual(fieldsOf({ route: "chat", provider: "openai", model: "small", hardLimit: 10n }), []);
  assert.deepEqual(fieldsOf({ model: "own" }), []);
});

test("each name that is not there is said, and a model written with its provider is helped", () => {
  assert.deepEqual(fieldsOf({ route: "x", provider: "y" }, false), ["scope.route", "scope.provider"]);
  assert.match(
    check({ model: "openai/small" })[0]?.problem ?? "",
    /no model openai\/small in the catalogue; the provider goes/,
  );
  assert.match(check({ provider: "vllm", model: "small" })[0]?.problem ?? "", /no model small of vllm/);
});

test("a hard limit below the smallest call of every model it covers is refused, to the pico-USD", () => {
  assert.deepEqual(fieldsOf({ provider: "openai", hardLimit: 9n }), ["limit"]);
  assert.deepEqual(fieldsOf({ provider: "openai", hardLimit: 10n }), []);
  assert.deepEqual(fieldsOf({ model: "large", hardLimit: 104n }), ["limit"]);
  assert.deepEqual(fieldsOf({ model: "large", hardLimit: 105n }), []);
});

test("where some model costs nothing, or nobody knows what it costs, any limit may afford a call", () => {
  assert.deepEqual(fieldsOf({ hardLimit: 1n }), []);
  assert.deepEqual(fieldsOf({ hardLimit: 1n }, true, [{ provider: "a", model: "b", price: undefined }]), []);
});
