// Names and what they mean, key by key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel } from "./sample-models.ts";
import { Snapshot } from "./snapshot.ts";

test("a model is found by its full name, by an alias, and by its bare name while that is unique", () => {
  const snapshot = new Snapshot();
  snapshot.setModel(sampleModel("sim/premium"));
  snapshot.setAlias("better", "sim/premium");
  for (const name of ["sim/premium", "better", "premium"]) assert.equal(snapshot.named(name)?.id, "sim/premium", name);
  snapshot.setModel(sampleModel("other/premium"));
  assert.equal(snapshot.named("premium"), undefined);
  snapshot.dropModel("other", "premium");
  assert.equal(snapshot.named("premium")?.id, "sim/premium");
  assert.equal(snapshot.named("nobody"), undefined);
});

test("an alias outranks a bare name, and a dead alias means nothing", () => {
  const snapshot = new Snapshot();
  snapshot.setModel(sampleModel("sim/premium"));
  snapshot.setModel(sampleModel("sim/economy"));
  snapshot.setAlias("premium", "sim/economy");
  assert.equal(snapshot.named("premium")?.id, "sim/economy");
  snapshot.dropModel("sim", "economy");
  assert.equal(snapshot.named("premium"), undefined);
});

test("a newer version of a route is current; the last few stay usable by number", () => {
  const snapshot = new Snapshot();
  const route = (version: number) => ({ name: "r", version, start: { kind: "end" as const, id: "e" } });
  for (let version = 1; version <= 12; version += 1) snapshot.setRoute(route(version));
  assert.equal(snapshot.route("r")?.version, 12);
  assert.equal(snapshot.route("r", 5)?.version, 5);
  assert.equal(snapshot.route("r", 4), undefined);
  snapshot.setRoute(route(5));
  assert.equal(snapshot.route("r")?.version, 5, "rolled back");
  snapshot.dropRoute("r");
  assert.equal(snapshot.route("r"), undefined);
});
