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

const route = (version: number, organisationId = "") => ({
  ...{ organisationId, name: "r", version, readsBody: false, readsBudget: false, readsModels: false },
  start: { kind: "end" as const, id: "e" },
});

test("the version in service is usable by its number too; one that was replaced is not, unless it is on trial", () => {
  const snapshot = new Snapshot();
  snapshot.setRoute(route(1));
  snapshot.setRoute(route(2));
  assert.equal(snapshot.route("acme", "r")?.version, 2);
  assert.equal(snapshot.route("acme", "r", 2)?.version, 2);
  assert.equal(snapshot.route("acme", "r", 1), undefined);
  snapshot.setRoute(route(1));
  assert.equal(snapshot.route("acme", "r")?.version, 1, "rolled back");
  snapshot.dropRoute("", "r");
  assert.equal(snapshot.route("acme", "r"), undefined);
});

test("a version on trial is usable by its number, compiled once at its first use, and changes nothing for the others", () => {
  const snapshot = new Snapshot();
  let compiled = 0;
  snapshot.setRoute(route(1));
  snapshot.setTrial(route(2), () => {
    compiled += 1;
    return route(2);
  });
  assert.equal(snapshot.route("acme", "r")?.version, 1);
  assert.equal(compiled, 0);
  for (let n = 0; n < 2; n += 1) assert.equal(snapshot.route("acme", "r", 2)?.version, 2);
  assert.equal(compiled, 1);
  snapshot.dropRoute("", "r");
  assert.equal(snapshot.route("acme", "r", 2)?.version, 2, "out of service is not out of trial");
  snapshot.dropTrial(route(2));
  assert.equal(snapshot.route("acme", "r", 2), undefined);
});

test("a version on trial that does not compile is not there", () => {
  const snapshot = new Snapshot();
  snapshot.setTrial(route(2), () => undefined);
  assert.equal(snapshot.route("acme", "r", 2), undefined);
});

test("an organisation's own route hides everyone's, also by number", () => {
  const snapshot = new Snapshot();
  snapshot.setRoute(route(7));
  snapshot.setRoute(route(1, "acme"));
  assert.deepEqual([snapshot.route("acme", "r")?.version, snapshot.route("other", "r")?.version], [1, 7]);
  assert.equal(snapshot.route("acme", "r", 7), undefined);
  assert.equal(snapshot.route("other", "r", 1), undefined);
});
