// An `auto` node: who cannot serve is out before anything is scored; a session may stay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedBy } from "../allowed.ts";
import { DIRECT_POLICY } from "../attempt-policy.ts";
import type { AutoItem } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { AutoChoice } from "../route/compiled-route.ts";
import { sampleModel, samplePrice } from "../sample-models.ts";
import { SampleWorld, sampleQuestion } from "../sample-question.ts";
import { Snapshot } from "../snapshot.ts";
import { rankAuto } from "./rank-auto.ts";

const quality = (general: number, byTask: Record<string, number> = {}) =>
  new Map(Object.entries({ "": general, ...byTask }));

const snapshot = new Snapshot();
snapshot.setModel(sampleModel("a/best", { quality: quality(0.9), price: samplePrice(100n, 400n) }));
snapshot.setModel(sampleModel("b/good", { quality: quality(0.892), price: samplePrice(50n, 200n) }));
snapshot.setModel(
  sampleModel("c/cheap", {
    quality: quality(0.86, { tools: 0.3 }),
    price: samplePrice(1n, 4n),
    contextWindowTokens: 8_000n,
  }),
);

const CHOICE: AutoChoice = {
  ...{ mode: "balanced", bandPercent: undefined, models: [], affinity: "none", firstTokenMsMax: undefined },
};
const item = (auto: Partial<AutoChoice> = {}): AutoItem => ({
  ...{ kind: "auto", node: "pick", path: ["start", "pick"], policy: DIRECT_POLICY, limits: [], onlyAfter: [] },
  auto: { ...CHOICE, ...auto },
});
function ranked(auto: Partial<AutoChoice> = {}, question: Question = sampleQuestion(), world = new SampleWorld()) {
  return rankAuto(item(auto), question, allowedBy(question.allowedModels, snapshot), false, snapshot, world);
}
const ids = (auto?: Partial<AutoChoice>, question?: Question, world?: SampleWorld) =>
  ranked(auto, question, world).items.map(({ id }) => id);

test("modes: the best, the cheapest within 1.5 %, the cheapest within 5.5 %; the next best follow", () => {
  assert.deepEqual(ids({ mode: "quality" }), ["a/best", "b/good", "c/cheap"]);
  assert.deepEqual(ids({ mode: "balanced" }), ["b/good", "a/best", "c/cheap"]);
  assert.deepEqual(ids({ mode: "cost" }), ["c/cheap", "b/good", "a/best"]);
});

test("the request may ask for another mode and for fewer models", () => {
  assert.equal(ids({ mode: "quality" }, sampleQuestion({}, { mode: "cost" }))[0], "c/cheap");
  assert.deepEqual(ids({}, sampleQuestion({}, { models: ["a/best", "c/cheap"] })), ["a/best", "c/cheap"]);
  assert.deepEqual(ids({ models: ["b/good"] }, sampleQuestion({}, { models: ["a/best"] })), []);
});

test("capability, window, price, key and circuit are looked at before scores", () => {
  assert.ok(!ids({ mode: "cost" }, sampleQuestion({ estimatedInputTokens: 9_000n })).includes("c/cheap"));
  assert.deepEqual(ids({ mode: "cost" }, sampleQuestion({}, { allowedModels: ["a/best"] })), ["a/best"]);
  const world = new SampleWorld();
  world.looks["c/cheap"] = { circuit: "open" };
  assert.ok(!ids({ mode: "cost" }, undefined, world).includes("c/cheap"));
});

test("quality is that of the task the request looks like", () => {
  assert.equal(ids({ mode: "cost" }, sampleQuestion({ hasTools: true }))[0], "b/good");
  assert.equal(ids({ mode: "cost" }, sampleQuestion({ metadata: { task: "tools" } }))[0], "b/good");
});

test("a model too slow to begin is out, by what was measured, else by the catalogue", () => {
  const world = new SampleWorld();
  world.looks["b/good"] = { firstTokenMs: 900 };
  assert.deepEqual(ids({ firstTokenMsMax: 500 }, undefined, world), ["a/best", "c/cheap"]);
});

test("a model of unknown quality is not compared with those whose quality is known", () => {
  const other = new Snapshot();
  other.setModel(sampleModel("a/known", { quality: quality(0.5), price: samplePrice(9n, 9n) }));
  other.setModel(sampleModel("b/unknown", { price: samplePrice(1n, 1n) }));
  const question = sampleQuestion();
  const { items, rejected } = rankAuto(
    item({ models: ["a/known", "b/unknown"] }),
    question,
    allowedBy([], other),
    false,
    other,
    new SampleWorld(),
  );
  assert.deepEqual(
    items.map(({ id }) => id),
    ["a/known"],
  );
  assert.match(rejected[0]?.rejection.because ?? "", /quality is not known/);
});

test("a session stays, switches, or begins, and is told so", () => {
  const session = sampleQuestion({}, { sessionId: "s", sessionSource: "session_id_header" });
  const at = (model: string) => Object.assign(new SampleWorld(), { session: model });
  const decided = (auto: Partial<AutoChoice>, world: SampleWorld) => {
    const { items, affinity } = ranked(auto, session, world);
    return [items[0]?.id, affinity?.decision];
  };
  assert.deepEqual(decided({ affinity: "sticky" }, at("")), ["b/good", "initialize"]);
  assert.deepEqual(decided({ affinity: "sticky" }, at("c/cheap")), ["c/cheap", "retain"]);
  assert.deepEqual(decided({ affinity: "adaptive" }, at("c/cheap")), ["b/good", "switch"]);
  assert.deepEqual(decided({ affinity: "adaptive" }, at("b/good")), ["b/good", "retain"]);
  assert.deepEqual(decided({ affinity: "sticky" }, at("x/gone")), ["b/good", "switch"]);
  assert.deepEqual(decided({ affinity: "none" }, at("c/cheap")), ["b/good", undefined]);
});
