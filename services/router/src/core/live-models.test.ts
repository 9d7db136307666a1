// A model is live while some worker that serves it was heard and is not draining.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALIVE_MS, LiveModels } from "./live-models.ts";

const beat = (workerId: string, names: string[], draining = false) => ({
  workerId,
  models: names.map((model) => ({ provider: "sim", model })),
  draining,
});

test("a worker that is silent for three seconds serves nothing", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"]), 0);
  assert.ok(live.isLive("sim/a", ALIVE_MS));
  assert.ok(!live.isLive("sim/a", ALIVE_MS + 1));
  live.heard(beat("w1", ["a"]), ALIVE_MS + 2);
  assert.ok(live.isLive("sim/a", ALIVE_MS + 2));
});

test("a draining worker serves nothing, another one does", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"], true), 0);
  assert.ok(!live.isLive("sim/a", 1));
  live.heard(beat("w2", ["a"]), 1);
  assert.ok(live.isLive("sim/a", 2));
});

test("a worker that takes a model off its list no longer serves it", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a", "b"]), 0);
  live.heard(beat("w1", ["b"]), 1);
  assert.deepEqual([...live.live(2)], ["sim/b"]);
});

test("a worker that is long gone is forgotten", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"]), 0);
  live.heard(beat("w2", ["b"]), ALIVE_MS * 10);
  assert.deepEqual([...live.live(0)], ["sim/b"], "asked about the moment when it was still heard");
});
