// A recorded world says again what was said; what was not asked then is well.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal, DecisionInputs, Exhaustion } from "@waybill/wire";
import { RecordedWorld } from "./recorded-world.ts";
import { sampleModel } from "./sample-models.ts";

const REFUSAL = BudgetRefusal.create({ budgetName: "team" });
const inputs = DecisionInputs.create({
  draws: { split: 0.25 },
  models: [
    {
      ...{ id: "a/m", live: false, circuit: "open", errorShare: 0.5, firstTokenMs: 7, version: 2 },
      ...{ admitted: false, budgeted: true, hardBudget: true },
    },
  ],
  holds: [
    {
      id: "a/m",
      verdict: "refused",
      heldPicoUsd: 0n,
      refusal: REFUSAL,
      limitNode: "l",
      maxOutputTokens: 0n,
      clamped: false,
    },
    {
      id: "b/m",
      verdict: "held",
      heldPicoUsd: 5n,
      refusal: undefined,
      limitNode: "",
      maxOutputTokens: 3n,
      clamped: true,
    },
  ],
  sessionModel: "a/m",
  atMs: 123n,
});
const [known, other] = [sampleModel("a/m"), sampleModel("b/m")];

test("models, draws, sessions and budgets are as they were", () => {
  const world = new RecordedWorld(inputs, "r1");
  assert.equal(world.atMs, 123);
  assert.equal(world.draw("split"), 0.25);
  assert.equal(world.sessionModel(), "a/m");
  assert.deepEqual([world.look(known).live, world.look(known).circuit, world.admits(known)], [false, "open", false]);
  assert.equal(world.budgets(known).hasHard, true);
  assert.equal(world.modelFacts()["a/m"]?.error_share, 0.5);
  assert.equal(world.budgetFacts(), undefined);
});

test("holds are answered in their order, each only for its own model", () => {
  const world = new RecordedWorld(inputs, "r1");
  assert.deepEqual(world.hold(other).told, { kind: "free" });
  assert.deepEqual(world.hold(known).told, {
    ...{ kind: "refused", refusal: REFUSAL, limitNode: "l", onExhausted: Exhaustion.UNSPECIFIED },
  });
  assert.deepEqual(world.hold(other), {
    told: { kind: "held" },
    figures: { heldPicoUsd: 5n, maxOutputTokens: 3n, clamped: true },
  });
});

test("what was not asked then is well, and a draw is the same each time", () => {
  const world = new RecordedWorld(inputs, "r1");
  assert.deepEqual([world.look(other).live, world.admits(other), world.budgets(other).hasHard], [true, true, false]);
  assert.equal(world.draw("new"), new RecordedWorld(inputs, "r1").draw("new"));
  assert.notEqual(world.draw("new"), new RecordedWorld(inputs, "r2").draw("new"));
});
