import assert from "node:assert/strict";
import { test } from "node:test";
import { costNote } from "./cost-note.ts";

const note = { costPicoUsd: 104n, costKnown: true, attempts: 2, model: "sim/economy", simulated: true };

test("the note says cost, attempts, model and whether it was simulated", () => {
  assert.equal(costNote(note), '{"cost_usd":"0.000000000104","attempts":2,"model":"sim/economy","simulated":true}');
});

test("an unknown cost is null, never zero", () => {
  assert.equal(JSON.parse(costNote({ ...note, costPicoUsd: 0n, costKnown: false })).cost_usd, null);
});
