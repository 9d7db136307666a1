import assert from "node:assert/strict";
import { test } from "node:test";
import { Decision } from "@waybill/wire";
import { headOf } from "./answer-head.ts";

const target = { provider: "sim", model: "economy", upstreamModel: "economy", simulated: true };

test("the head of an answer tells the route, the way through it, its mode, the session and what is left", () => {
  const head = headOf(
    Decision.create({
      attempt: 2,
      target,
      route: "support",
      routeVersion: 3,
      path: ["start", "plan:true", "premium"],
      mode: "cost",
      sessionAffinity: { strategy: "adaptive", source: "session_id_header", decision: "retain" },
      budgetRemainingPicoUsd: "1500000",
    }),
  );
  assert.equal(head.route, "support@v3");
  assert.equal(head.path, "start>plan:true>premium");
  assert.equal(head.mode, "cost");
  assert.equal(head.sessionAffinity, "adaptive retain");
  assert.equal(head.attempts, 2);
  assert.equal(head.budgetRemainingUsd, "0.0000015");
});

test("a direct model has no route, no path, no mode and no session", () => {
  const { route, path, mode, sessionAffinity, budgetRemainingUsd } = headOf(Decision.create({ attempt: 1, target }));
  assert.deepEqual([route, path, mode, sessionAffinity, budgetRemainingUsd], ["", "", "", "", ""]);
});

test("a decision without a target is refused loudly", () => {
  assert.throws(() => headOf(Decision.create({ attempt: 1 })));
});
