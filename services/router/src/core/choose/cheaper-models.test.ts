// Cheaper models for a budget without room: allowed, able, live, and the cheapest first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedBy } from "../allowed.ts";
import type { Item, ModelItem } from "../itinerary.ts";
import { sampleModel } from "../sample-models.ts";
import { SampleWorld, sampleQuestion } from "../sample-question.ts";
import { type ModelEntry, Snapshot } from "../snapshot.ts";
import { cheaperModels, costsNothing } from "./cheaper-models.ts";

const MEANT: ModelItem = { kind: "model", id: "a/dear", tries: 0, node: "n", path: ["start", "n"], ...at() };
function at(): Pick<ModelItem, "policy" | "limits" | "onlyAfter"> {
  return { policy: {} as ModelItem["policy"], limits: [], onlyAfter: ["l"] };
}

function priced(id: string, rate: bigint, changes: Partial<ModelEntry> = {}): ModelEntry {
  const entry = sampleModel(id);
  const tiers = entry.price?.tiers.map(({ aboveInputTokens, rates }) => ({
    aboveInputTokens,
    rates: { ...rates, input: rate, cachedInput: rate, cacheWrite5m: rate, cacheWrite1h: rate, ...output(rate) },
  }));
  return { ...entry, price: entry.price && { ...entry.price, perRequestPicoUsd: 0n, tiers: tiers ?? [] }, ...changes };
}

function output(rate: bigint): { output: bigint; reasoningOutput: bigint } {
  return { output: rate, reasoningOutput: rate };
}

function cheaper(
  models: readonly ModelEntry[],
  { keys = [] as string[], items = [MEANT] as Item[], isRouteAllowed = false, world = new SampleWorld() } = {},
): string[] {
  const snapshot = new Snapshot();
  const dear = priced("a/dear", 100n);
  for (const model of [dear, ...models]) snapshot.setModel(model);
  const question = sampleQuestion();
  const downgrade = { question, allowed: allowedBy(keys, snapshot), isRouteAllowed, items, snapshot, world };
  return cheaperModels(MEANT, dear, downgrade).map(({ id }) => id);
}

test("the cheapest first, at most three, nothing as dear and nothing without a price", () => {
  const models = [priced("a/1", 9n), priced("a/2", 3n), priced("a/3", 0n), priced("a/4", 1n), priced("a/5", 100n)];
  assert.deepEqual(cheaper([...models, priced("a/6", 1n, { price: undefined })]), ["a/3", "a/4", "a/2"]);
});

test("only what the key may use; of a route that it may use, the route's own, too", () => {
  const models = [priced("a/1", 1n), priced("a/2", 2n), priced("a/3", 3n)];
  const items: Item[] = [MEANT, { ...MEANT, id: "a/2" }];
  assert.deepEqual(cheaper(models, { keys: ["a/3"], items }), ["a/3"]);
  assert.deepEqual(cheaper(models, { keys: ["a/3"], items, isRouteAllowed: true }), ["a/2", "a/3"]);
});

test("not what failed, is not live or cannot do it", () => {
  const world = new SampleWorld();
  world.looks["a/2"] = { live: false };
  world.looks["a/3"] = { circuit: "open" };
  const models = [1n, 2n, 3n, 4n].map((rate) => priced(`a/${rate}`, rate));
  const embeds = priced("a/5", 1n, { capabilities: new Set(["embeddings"]) });
  const items: Item[] = [MEANT, { ...MEANT, id: "a/1", tries: 1 }];
  assert.deepEqual(cheaper([...models, embeds], { world, items }), ["a/4"]);
});

test("they take the place of the one that was meant, and its path says so", () => {
  const snapshot = new Snapshot();
  const [dear, cheap] = [priced("a/dear", 100n), priced("a/1", 1n)];
  for (const model of [dear, cheap]) snapshot.setModel(model);
  const question = sampleQuestion();
  const world = new SampleWorld();
  const allowed = allowedBy([], snapshot);
  const [item] = cheaperModels(MEANT, dear, {
    question,
    allowed,
    isRouteAllowed: false,
    items: [MEANT],
    snapshot,
    world,
  });
  assert.deepEqual([item?.node, item?.path, item?.onlyAfter], ["n", ["start", "n", "downgrade"], ["l"]]);
});

test("only a price of zero in everything costs nothing", () => {
  assert.deepEqual([costsNothing(priced("a/1", 0n)), costsNothing(priced("a/1", 1n))], [true, false]);
  assert.equal(costsNothing(priced("a/1", 0n, { price: undefined })), false);
});
