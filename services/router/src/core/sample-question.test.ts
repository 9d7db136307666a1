// The samples are what tests believe them to be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel } from "./sample-models.ts";
import { drive, SampleWorld, sampleFacts, sampleLimitUse, sampleQuestion } from "./sample-question.ts";

test("a sample question asks for a route on behalf of a team", () => {
  const { features, attribution } = sampleQuestion({ choiceCount: 2 });
  assert.deepEqual([features.requestedModel, features.choiceCount, attribution.teamId], ["dynamic/r", 2, "support"]);
  assert.deepEqual(sampleFacts({ metadata: { a: "b" } }).metadata, { a: "b" });
});

test("in a sample world everything is well unless told otherwise", () => {
  const world = new SampleWorld();
  world.looks["sim/down"] = { circuit: "open" };
  assert.equal(world.look(sampleModel("sim/premium")).circuit, "closed");
  assert.equal(world.look(sampleModel("sim/down")).circuit, "open");
  assert.equal(new Date(world.atMs).toISOString(), "2026-11-26T12:00:00.000Z");
});

test("a driven choice tells who was asked to pay", () => {
  function* choosing(): Generator<{ entry: ReturnType<typeof sampleModel> }, string, { kind: string }> {
    const told = yield { entry: sampleModel("sim/a") };
    return told.kind;
  }
  assert.deepEqual(drive(choosing()), { result: "free", asked: ["sim/a"] });
});

test("a sample limit is two requests a minute", () => {
  const { node, limit } = sampleLimitUse("l");
  assert.deepEqual([node, limit.amount, limit.window], ["l", "2", { kind: "fixed", seconds: 60 }]);
});
