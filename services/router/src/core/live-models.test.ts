// A model is live while some worker that serves it was heard and is not draining.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TargetHealth } from "@waybill/wire";
import { ALIVE_MS, LiveModels } from "./live-models.ts";

const beat = (workerId: string, names: string[], draining = false, targets: TargetHealth[] = []) => ({
  workerId,
  models: names.map((model) => ({ provider: "sim", model })),
  draining,
  targets,
});
const target = (model: string, overrides: Partial<TargetHealth>): TargetHealth => ({
  ...{ provider: "sim", model, calls: 0, failures: 0, rateLimited: 0, failuresInARow: 0 },
  ...{ firstTokenMsSum: 0n, firstTokens: 0, retryAfterMs: 0 },
  ...overrides,
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

test("what the workers of a model say about it adds up, and a worker that is gone says nothing any more", () => {
  const live = new LiveModels();
  const stream = { firstTokenMsSum: 100n, firstTokens: 1 };
  live.heard(beat("w1", ["a"], false, [target("a", { calls: 2, failures: 1, ...stream })]), 0);
  live.heard(beat("w2", ["a"], false, [target("a", { calls: 2 })]), 1);
  assert.deepEqual([live.health("sim/a", 2).errorShare, live.health("sim/a", 2).firstTokenMs], [0.25, 100]);
  live.heard(beat("w2", ["a"]), ALIVE_MS + 1);
  assert.equal(live.health("sim/a", ALIVE_MS + 1).errorShare, 0, "even if the others say nothing of that model");
  live.heard(beat("w1", ["a"], false, [target("a", { calls: 4, failures: 2 })]), ALIVE_MS + 2);
  assert.equal(live.health("sim/a", ALIVE_MS + 2).errorShare, 0.5, "until it is heard again");
});

test("a heartbeat replaces what its worker said before", () => {
  const live = new LiveModels();
  for (const failures of [8, 2, 1]) {
    live.heard(beat("w1", ["a"], false, [target("a", { calls: 8, failures })]), 0);
    assert.equal(live.health("sim/a", 0).errorShare, failures / 8);
  }
  live.heard(beat("w1", ["a"]), 0);
  assert.equal(live.health("sim/a", 0).errorShare, 0);
  live.heard(beat("w1", [], false, [target("a", { calls: 8, failures: 8 })]), 0);
  live.heard(beat("w1", ["a"]), 0);
  assert.equal(live.health("sim/a", 0).errorShare, 0);
});

test("one worker that cannot get out does not close the way for others that can", () => {
  const live = new LiveModels();
  const broken = (failures: number): TargetHealth =>
    target("a", { calls: failures, failures, failuresInARow: failures });
  for (let beats = 1; beats < 15; beats += 1) {
    for (const name of ["w1", "w2"]) {
      live.heard(beat(name, ["a"], false, [target("a", { calls: 100 + beats })]), beats * 1_000);
    }
    live.heard(beat("broken", ["a"], false, [broken(5 * beats)]), beats * 1_000 + 1);
    assert.equal(live.health("sim/a", beats * 1_000 + 1).circuit, "closed", `${beats}`);
  }
});

test("workers whose last call is long over do not speak against one that fails", () => {
  const live = new LiveModels();
  const failing = target("a", { calls: 5, failures: 5, failuresInARow: 5 });
  for (const name of ["w1", "w2"]) live.heard(beat(name, ["a"], false, [target("a", { calls: 9 })]), 0);
  live.heard(beat("w3", ["a"], false, [failing]), 1_000);
  assert.equal(live.health("sim/a", 1_000).circuit, "closed");
  for (const name of ["w1", "w2"]) live.heard(beat(name, ["a"], false, [target("a", { calls: 9 })]), 2_500);
  live.heard(beat("w3", ["a"], false, [{ ...failing, calls: 6, failures: 6, failuresInARow: 6 }]), 2_501);
  assert.equal(live.health("sim/a", 2_501).circuit, "open");
});

test("a success at another worker closes a circuit, although the first one still remembers its failures", () => {
  const live = new LiveModels();
  const failing = [target("a", { calls: 5, failures: 5, failuresInARow: 5 })];
  live.heard(beat("w1", ["a"], false, failing), 0);
  live.heard(beat("w2", ["a"]), 1);
  live.heard(beat("w1", ["a"], false, failing), 5_500);
  assert.equal(live.health("sim/a", 5_500).circuit, "half_open");
  live.heard(beat("w2", ["a"], false, [target("a", { calls: 1 })]), 5_501);
  live.heard(beat("w1", ["a"], false, failing), 5_502);
  assert.equal(live.health("sim/a", 5_502).circuit, "closed");
});

test("a model whose calls fail is not admitted, and conditions see why", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a", "b"], false, [target("a", { calls: 5, failures: 5, failuresInARow: 5 })]), 0);
  assert.deepEqual([live.admits("sim/a", 1), live.admits("sim/b", 1), live.admits("sim/none", 1)], [false, true, true]);
  assert.deepEqual(live.facts(1)["sim/a"], { live: true, circuit: "open", error_share: 1, first_token_ms: 0 });
  assert.deepEqual([...live.openCircuits(1)], [["sim/a", "open"]]);
});

test("a worker is believed about the models it serves only", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"]), 0);
  live.heard(beat("liar", [], false, [target("a", { calls: 9, failures: 9, failuresInARow: 9 })]), 1);
  assert.equal(live.health("sim/a", 2).circuit, "closed");
});

test("a model that stands twice in a heartbeat counts once", () => {
  const live = new LiveModels();
  const twice = [
    target("a", { calls: 4, failures: 3, failuresInARow: 3 }),
    target("a", { calls: 4, failuresInARow: 3 }),
  ];
  live.heard(beat("w1", ["a"], false, twice), 0);
  assert.deepEqual([live.health("sim/a", 0).errorShare, live.health("sim/a", 0).circuit], [0.75, "closed"]);
  live.heard(beat("w1", ["a"]), 1);
  assert.equal(live.health("sim/a", 1).errorShare, 0);
});

test("a provider that wants to be left alone is known to be so", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"], false, [target("a", { calls: 1, rateLimited: 1, retryAfterMs: 2_000 })]), 0);
  assert.deepEqual([live.health("sim/a", 500).rateLimitedMs, live.health("sim/a", 500).circuit], [1_500, "closed"]);
  assert.equal(live.health("sim/a", 2_000).rateLimitedMs, 0);
});

test("conditions see the same facts for a quarter of a second, then newer ones", () => {
  const live = new LiveModels();
  live.heard(beat("w1", ["a"]), 0);
  const facts = live.facts(0);
  live.heard(beat("w1", ["a", "b"]), 1);
  assert.equal(live.facts(249), facts);
  assert.deepEqual(Object.keys(live.facts(250)), ["sim/a", "sim/b"]);
});
