// Decisions in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision, Explanation } from "../api/shapes.ts";
import { formatDecision, formatExplanation } from "./explanation.ts";

const EXPLANATION: Explanation = {
  ...{ route: "support", routeVersion: 3, path: ["start", "plan:true", "better"], reason: "route support version 3" },
  ...{ model: "sim/premium", simulated: true, refusal: null, heldUsd: "0.02", maxOutputTokens: 512, clamped: true },
  ...{ mode: "balanced", sessionAffinity: { strategy: "sticky", source: "header", decision: "retain" } },
  candidates: [
    {
      model: "sim/premium",
      node: "better",
      rejectedBecause: null,
      quality: 0.9,
      expectedCostUsd: "0.01",
      inBand: true,
    },
    {
      model: "sim/economy",
      node: "better",
      rejectedBecause: "no live worker",
      quality: null,
      expectedCostUsd: null,
      inBand: false,
    },
  ],
};

test("the way, the choice, the money and every rejection are said", () => {
  const text = formatExplanation(EXPLANATION);
  assert.match(text, /route {6}support@3\npath {7}start → plan:true → better/);
  assert.match(text, /model {6}sim\/premium \(simulated\)/);
  assert.match(text, /held {7}\$0\.02, at most 512 output tokens \(less than asked for: the money left\)/);
  assert.match(text, /session {4}sticky: retain/);
  assert.match(text, /sim\/premium {2}better {2}0\.900 {4}0\.01 {10}yes/);
  assert.match(text, /sim\/economy .*no live worker/);
});

test("a refusal says its code, and a model by its name has no way", () => {
  const refused = {
    ...EXPLANATION,
    route: null,
    path: [],
    model: null,
    refusal: { code: "no_workers", message: "none" },
  };
  const text = formatExplanation(refused);
  assert.match(text, /refused {4}no_workers: none/);
  assert.match(text, /path {7}-/);
  assert.doesNotMatch(text, /held/);
});

test("a cost that is unknown or not booked is never shown as zero", () => {
  const decision: Decision = {
    ...{
      requestId: "r1",
      attempt: 1,
      decidedAt: "2026-11-26T12:00:00Z",
      tookUs: 40,
      features: { model: "dynamic/support" },
    },
    caller: { organisationId: "demo", teamName: "Support", teamId: "support", userName: "", userId: "ada" },
    explanation: EXPLANATION,
    cost: null,
  };
  assert.match(formatDecision(decision), /cost {7}nothing on the books yet/);
  const unknown = { outcome: "unknown", costUsd: null, model: "sim/premium", account: null, errorCode: "worker_lost" };
  assert.match(formatDecision({ ...decision, cost: unknown }), /cost {7}unknown, unknown \(worker_lost\)/);
  assert.doesNotMatch(formatDecision({ ...decision, cost: unknown }), /account/);
  assert.match(formatDecision({ ...decision, cost: { ...unknown, account: "east" } }), /account {4}east/);
  assert.match(formatDecision(decision), /who {8}demo \/ Support \/ ada/);
  assert.doesNotMatch(formatDecision(decision), /replay/);
  assert.match(formatDecision(decision, { same: true, differences: [] }), /replay {5}the same explanation/);
  const other = formatDecision(decision, { same: false, differences: ["catalogue version 3, then 2"] });
  assert.match(other, /replay {5}ANOTHER explanation\n {11}catalogue version 3, then 2/);
});
