// The explanation of a decision: what was chosen and how, or why nothing was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DIRECT_POLICY } from "./attempt-policy.ts";
import { explainChoice, explainRefusal, NOTHING_HELD } from "./explain.ts";
import type { Itinerary, ModelItem } from "./itinerary.ts";
import { sampleModel } from "./sample-models.ts";

const ITEM: ModelItem = {
  ...{ kind: "model", id: "a/m", tries: 0, node: "one", path: ["start", "one"] },
  ...{ policy: DIRECT_POLICY, limits: [], onlyAfter: [] },
};
const ITINERARY: Itinerary = {
  ...{ route: "r", routeVersion: 3, routeOrganisationId: "acme", items: [ITEM], at: -1, exceeded: [] },
};
const SUMMARY = { considered: [], mode: "", affinity: undefined };

test("a choice names its route, its way, its price and what was held", () => {
  const choice = {
    ...SUMMARY,
    outcome: { kind: "chosen", entry: sampleModel("a/m"), item: ITEM, itinerary: ITINERARY },
  } as const;
  const held = { heldPicoUsd: 9n, maxOutputTokens: 4n, clamped: true };
  const explanation = explainChoice(ITINERARY, "because", choice, held);
  assert.deepEqual(
    [explanation.route, explanation.routeVersion, explanation.routeOrganisationId, explanation.path],
    ["r", 3, "acme", ["start", "one"]],
  );
  assert.deepEqual([explanation.target?.model, explanation.priceVersion, explanation.heldPicoUsd], ["m", "test-1", 9n]);
  assert.equal(explanation.refusalCode, "");
});

test("a refusal has a code and no target", () => {
  const outcome = { kind: "refused", code: "no_workers", because: "no live worker", budget: undefined } as const;
  const explanation = explainChoice(ITINERARY, "because", { ...SUMMARY, outcome }, NOTHING_HELD);
  assert.deepEqual(
    [explanation.refusalCode, explanation.refusalMessage, explanation.target],
    ["no_workers", "no live worker", undefined],
  );
  assert.equal(explainRefusal("nobody", "model_not_found", "none").refusalCode, "model_not_found");
});
