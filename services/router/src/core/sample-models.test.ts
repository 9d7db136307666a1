// The samples are what tests believe them to be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleBudget, sampleModel, samplePrice } from "./sample-models.ts";

test("a sample model has the id it was asked for and a price", () => {
  const model = sampleModel("sim/premium");
  assert.deepEqual([model.provider, model.model], ["sim", "premium"]);
  assert.equal(model.price?.tiers[0]?.rates.output, samplePrice(0n, 15_000_000n).tiers[0]?.rates.output);
});

test("a sample budget sets only what it was given", () => {
  const { scope } = sampleBudget("b", { teamId: "t" });
  assert.deepEqual(
    Object.values(scope).filter((value) => value !== ""),
    ["t"],
  );
});
