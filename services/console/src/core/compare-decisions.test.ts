import assert from "node:assert/strict";
import { test } from "node:test";
import type { Price } from "@waybill/domain";
import { AttemptCost, Explanation } from "@waybill/wire";
import { compareDecisions } from "./compare-decisions.ts";

const to = (model: string): Explanation =>
  Explanation.create({ target: { provider: "p", model, upstreamModel: model, simulated: false } });
const refused = Explanation.create({ refusalCode: "budget_exceeded" });
const rate = 1_000_000n;
const price: Price = {
  version: "v",
  tiers: [
    {
      aboveInputTokens: 0n,
      rates: {
        ...{ input: rate, cachedInput: rate / 2n, cacheWrite5m: rate, cacheWrite1h: rate },
        ...{ output: 4n * rate, reasoningOutput: 4n * rate },
      },
    },
  ],
  perRequestPicoUsd: 0n,
};
const paid = AttemptCost.create({
  ...{ costKnown: true, costPicoUsd: "5000000000", inputTokens: 100n, cachedInputTokens: 40n, outputTokens: 10n },
});

test("the same model costs what it cost", () => {
  const { changed, before, after } = compareDecisions(to("a"), paid, to("a"), price);
  assert.equal(changed, false);
  assert.deepEqual(after, before);
  assert.equal(after.costUsd, "0.005");
});

test("another model costs the same tokens at its own price", () => {
  const { changed, after } = compareDecisions(to("a"), paid, to("b"), price);
  assert.ok(changed);
  // 60 plain, 40 cached, 10 out: 60 + 20 + 40 micro-USD.
  assert.deepEqual(after, { model: "p/b", refusalCode: null, costUsd: "0.00012" });
});

test("an unknown price, an unknown cost and no books at all are unknown, never zero", () => {
  assert.equal(compareDecisions(to("a"), paid, to("b"), undefined).after.costUsd, null);
  assert.equal(compareDecisions(to("a"), undefined, to("b"), price).after.costUsd, null);
  const unknown = { ...paid, costKnown: false };
  const { before, after } = compareDecisions(to("a"), unknown, to("b"), price);
  assert.deepEqual([before.costUsd, after.costUsd], [null, null]);
});

test("a refusal is a change, and costs nothing", () => {
  assert.deepEqual(compareDecisions(to("a"), paid, refused, undefined).after, {
    model: null,
    refusalCode: "budget_exceeded",
    costUsd: "0",
  });
  assert.equal(compareDecisions(refused, undefined, to("b"), price).changed, true);
  assert.equal(compareDecisions(refused, undefined, refused, undefined).changed, false);
});
