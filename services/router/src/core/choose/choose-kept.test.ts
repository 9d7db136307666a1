// A kept answer is given to whoever may have it, counts as a request, and asks nothing of the model that gave it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal } from "@waybill/wire";
import { resolve } from "../resolve.ts";
import { END, limitNode, modelNode, sampleRoute, startAt } from "../route/sample-routes.ts";
import { sampleModel } from "../sample-models.ts";
import { SampleWorld, sampleQuestion } from "../sample-question.ts";
import { Snapshot } from "../snapshot.ts";
import { askFirst } from "./ask.ts";
import { type Choice, choose, type HoldTold } from "./choose.ts";

const ROUTE = [
  startAt("l"),
  limitNode("l", "one", "two"),
  modelNode("one", "a/m", "two"),
  modelNode("two", "b/m"),
  END,
];

function decide(rest: Parameters<typeof sampleQuestion>[1], told?: (id: string, node: string) => HoldTold) {
  const snapshot = new Snapshot();
  for (const id of ["a/m", "b/m"]) snapshot.setModel(sampleModel(id));
  snapshot.setRoute(sampleRoute(ROUTE));
  const world = new SampleWorld();
  world.looks["a/m"] = { live: false, circuit: "open" };
  const question = sampleQuestion({}, { keptModel: "a/m", ...rest });
  const resolution = resolve(question, snapshot, world);
  assert.ok("itinerary" in resolution);
  const choosing = choose(askFirst(question, resolution.itinerary), snapshot, world);
  const nodes: string[] = [];
  let step = choosing.next();
  while (!step.done) {
    const { entry, item } = step.value;
    nodes.push(item.node);
    step = choosing.next(told?.(entry.id, item.node) ?? { kind: "held" });
  }
  return { result: step.value, nodes };
}

const outcomeOf = ({ outcome }: Choice): string => (outcome.kind === "chosen" ? outcome.entry.id : outcome.code);
const refusedBy = (limitNode: string | undefined): HoldTold => ({
  ...{ kind: "refused", limitNode },
  refusal: BudgetRefusal.create({}),
});

test("it is given although its model could not serve now", () => {
  const { result, nodes } = decide({});
  assert.deepEqual([outcomeOf(result), nodes], ["a/m", ["one"]]);
  assert.deepEqual(
    result.considered.map(({ provider, model, rejectedCode }) => [provider, model, rejectedCode]),
    [["a", "m", ""]],
  );
});

test("where a limit is exceeded, the way behind it counts", () => {
  const { result, nodes } = decide({}, (_id, node) => (node === "one" ? refusedBy("l") : { kind: "held" }));
  assert.deepEqual([outcomeOf(result), nodes], ["a/m", ["one", "two"]]);
});

test("no room in any request limit, or nobody to ask, is no answer", () => {
  assert.equal(outcomeOf(decide({}, () => refusedBy("l")).result), "limit_exceeded");
  assert.equal(outcomeOf(decide({}, () => refusedBy(undefined)).result), "budget_exceeded");
  assert.equal(outcomeOf(decide({}, () => ({ kind: "unavailable" })).result), "budget_unavailable");
});

test("a key that may use neither the route nor the model does not get it", () => {
  assert.equal(outcomeOf(decide({ allowedModels: ["dynamic/r"] }).result), "a/m");
  assert.equal(outcomeOf(decide({ allowedModels: ["a/m"] }).result), "a/m");
  const { result, nodes } = decide({ allowedModels: ["b/m"] });
  assert.deepEqual([outcomeOf(result), nodes], ["model_not_allowed", []]);
});

test("what a model gave that is no longer there is not given", () => {
  assert.equal(outcomeOf(decide({ keptModel: "gone/m" }).result), "model_not_found");
});
