// What a key may use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedBy } from "./allowed.ts";
import { sampleModel } from "./sample-models.ts";
import { Snapshot } from "./snapshot.ts";

const snapshot = new Snapshot();
snapshot.setModel(sampleModel("sim/premium"));
snapshot.setAlias("better", "sim/premium");

test("an empty list allows everything", () => {
  const allowed = allowedBy([], snapshot);
  assert.ok(allowed.model("sim/premium") && allowed.route("support"));
});

test("a list allows what it names, and an alias stands for its model", () => {
  const allowed = allowedBy(["better", "dynamic/support"], snapshot);
  assert.ok(allowed.model("sim/premium"));
  assert.ok(!allowed.model("sim/economy"));
  assert.ok(allowed.route("support"));
  assert.ok(!allowed.route("other"));
});
