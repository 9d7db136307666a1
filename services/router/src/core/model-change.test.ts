// What changes in a model, what stays, and what is refused with every reason at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CatalogueModel, toWirePrice } from "@waybill/wire";
import { type ModelPlace, planModel, type StoredModel } from "./model-change.ts";
import { samplePrice } from "./sample-models.ts";

const PRICE = samplePrice(1n, 2n);
const OTHER = { ...samplePrice(3n, 4n), version: "test-2" };
const PRESENT: StoredModel = {
  provider: "p",
  model: "m",
  upstreamModel: "m-upstream",
  contextWindowTokens: 1_000,
  maxOutputTokens: 100,
  capabilities: ["tools"],
  simulated: false,
  quality: { "": 0.5, code: 0.7 },
  firstTokenMs: 10,
  outputTokensPerSecond: 20,
  deprecatedAtMs: 30,
  prices: ["test-1"],
};
const PLACE: ModelPlace = {
  provider: { simulated: false },
  present: PRESENT,
  everyPrice: [{ effectiveFromMs: 0, price: PRICE }],
};

function plan(said: Parameters<typeof CatalogueModel.fromPartial>[0], place: ModelPlace = PLACE) {
  const problems: string[] = [];
  const planned = planModel(
    CatalogueModel.fromPartial({ provider: "p", model: "m", ...said }),
    place,
    (field, problem) => void problems.push(`${field} ${problem}`),
  );
  return { ...planned, problems };
}

test("what is not said stays, and saying the same changes nothing", () => {
  assert.deepEqual(plan({}).document, PRESENT);
  assert.equal(plan({}).change, "same");
  const same = plan({
    contextWindowTokens: 1_000n,
    quality: { code: 0.7, "": 0.5 },
    upstreamModel: "m-upstream",
    prices: [{ effectiveFromMs: 0n, price: toWirePrice(PRICE) }],
  });
  assert.deepEqual([same.change, same.problems], ["same", []]);
});

test("a change names its fields; a change of prices alone is one of price", () => {
  const changed = plan({ maxOutputTokens: 200n, quality: { "": 0.6 } });
  assert.deepEqual([changed.change, changed.fields], ["changed", ["max_output_tokens", "quality"]]);
  const price = plan({
    prices: [
      { effectiveFromMs: 5_000n, price: toWirePrice(OTHER) },
      { effectiveFromMs: 0n, price: toWirePrice(PRICE) },
    ],
  });
  assert.deepEqual([price.change, price.fields, price.problems], ["price", ["prices"], []]);
  assert.deepEqual(price.document.prices, ["test-1", "test-2"], "in the order in which they come into force");
});

test("a new model has its own name upstream, and is simulated where its provider is", () => {
  const place = { ...PLACE, present: undefined, everyPrice: [], provider: { simulated: true } };
  const { change, document } = plan({}, place);
  assert.equal(change, "added");
  assert.deepEqual([document.upstreamModel, document.simulated, document.prices], ["m", true, []]);
  assert.deepEqual(document.capabilities, ["tools", "images", "json_schema"]);
});

test("a model becomes one for embeddings where that is said, and then for nothing else", () => {
  const { document, problems } = plan({ capabilities: ["embeddings"] });
  assert.deepEqual([document.capabilities, problems], [["embeddings"], []]);
  assert.match(
    plan({ capabilities: ["tools", "embeddings"] }).problems.join(),
    /capabilities must be embeddings alone/,
  );
});

test("every reason for a refusal is said at once", () => {
  const { problems } = plan(
    {
      model: "",
      upstreamModel: "other",
      contextWindowTokens: -1n,
      capabilities: ["flying"],
      quality: { code: 1.5, chat: Number.NaN },
      prices: [
        { effectiveFromMs: -1n, price: { version: "", tiers: [], perRequestPicoUsd: 0n } },
        { effectiveFromMs: 0n, price: toWirePrice({ ...OTHER, version: "test-1" }) },
        { effectiveFromMs: 0n, price: toWirePrice({ ...samplePrice(-1n, 1n), version: "x" }) },
        {
          effectiveFromMs: 0n,
          price: toWirePrice({
            ...PRICE,
            version: "x",
            tiers: PRICE.tiers.map((tier) => ({ ...tier, aboveInputTokens: 5n })),
          }),
        },
      ],
    },
    { ...PLACE, provider: undefined },
  );
  for (const expected of [
    "provider does not exist",
    "model must not be empty",
    "upstream_model is m-upstream",
    "context_window_tokens must be",
    "capabilities may be",
    "quality[code] must be",
    "quality[chat] must be",
    "prices[0] must have",
    "prices[0].effective_from_ms must be",
    "version test-1 already names another price",
    "prices[2].tiers[0].rates.input must not be negative",
    "prices[3].version stands here twice",
    "prices[3].tiers[0].above_input_tokens must begin with 0",
  ]) {
    assert.ok(
      problems.some((problem) => problem.includes(expected)),
      `${expected}\n${problems.join("\n")}`,
    );
  }
});
