import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7, systemClock } from "@waybill/service";
import { BudgetRefusal, BudgetUnit, ExtendHoldRequest, type JournaledAttempt } from "@waybill/wire";
import type { IndexedBudget } from "./core/budget-index.ts";
import { sampleBudget } from "./core/sample-models.ts";
import { extendHold } from "./extend-hold.ts";
import type { BudgetService } from "./ports.ts";
import { Till } from "./till.ts";

const GRANT = 1_000_000_000n;
const HARD = sampleBudget("hard", { organisationId: "acme" });
const SOFT = { ...sampleBudget("soft", { organisationId: "acme" }), hard: false };
const TOKENS = { ...SOFT, id: "tokens", unit: BudgetUnit.TOKENS };
const REQUESTS = { ...SOFT, id: "requests", unit: BudgetUnit.REQUESTS };
/** An input token for a millionth of a dollar, an output token for four. */
const PRICE = {
  version: "v1",
  tiers: [{ aboveInputTokens: 0n, rates: { input: 1_000_000n, output: 4_000_000n } }],
};

interface World {
  answer?: "refused" | "away";
  budgets?: IndexedBudget[];
}

function world({ answer, budgets = [HARD, SOFT, TOKENS, REQUESTS] }: World) {
  const journaled: JournaledAttempt[] = [];
  const asked: bigint[] = [];
  const budgetService: BudgetService = {
    isOpen: answer !== "away",
    async askGrant({ grantId, needPicoUsd }) {
      asked.push(needPicoUsd);
      if (answer === "away") return { kind: "unanswered", sent: false };
      const amountPicoUsd = answer === "refused" ? 0n : GRANT;
      return { kind: "given", given: { grantId, amountPicoUsd, windowId: 1n, lifeMs: 60_000 } };
    },
    async placeHold() {
      if (answer === "away") return { kind: "unanswered", sent: false };
      return { kind: "refused", refusal: BudgetRefusal.create({ budgetId: "soft" }) };
    },
    async journal({ attempts }) {
      journaled.push(...attempts);
      return true;
    },
  };
  const till = new Till({
    ...{ budgetService, clock: systemClock, makeId: makeUuidV7, hash: (text: string) => text },
    ...{ settings: { grantLifeMs: 60_000, holdLifeMs: 60_000 }, failpoint: () => {} },
  });
  till.setBudgets(budgets);
  const unheld: number[] = [];
  const observe = { unheld: (count: number) => void unheld.push(count), waitedForBudget: () => {} };
  const options = { till, clock: systemClock, holder: "router-1", holdLifeMs: 60_000, budgetWaitMs: 500, observe };
  const lineOf = ({ id, hard, unit }: IndexedBudget) => ({ budgetId: id, windowId: 1n, amountPicoUsd: 5n, hard, unit });
  const request = ExtendHoldRequest.fromPartial({
    attempt: {
      ...{ attemptId: `${makeUuidV7()}.1`, holder: "another", attribution: { organisationId: "acme" }, price: PRICE },
      ...{ target: { provider: "sim", model: "premium" }, holds: budgets.map(lineOf) },
    },
    ...{ coveredOutputTokens: 20n, inputTokensBound: 400n, extension: 3 },
  });
  return { till, request, options, journaled, asked, unheld };
}

test("as much output again is held, on soft budgets of money and tokens, under a holder of its own", async () => {
  const { till, request, options, journaled } = world({});
  const { coveredOutputTokens, refusal } = await extendHold(request, options, 0);
  assert.deepEqual({ coveredOutputTokens, refusal }, { coveredOutputTokens: 40n, refusal: undefined });
  await till.stop(1_000);
  const [attempt] = journaled.filter(({ holds }) => holds.length > 0);
  assert.equal(attempt?.attemptId, request.attempt?.attemptId);
  assert.equal(attempt?.holder, "router-1+3");
  const held = attempt?.holds.map(({ budgetId, amountPicoUsd }) => [budgetId, amountPicoUsd]);
  assert.deepEqual(held, [
    ["soft", 20n * 4_000_000n],
    ["tokens", 20n],
  ]);
});

test("a soft budget without anything left is named, and nothing more is held", async () => {
  const { till, request, options, journaled } = world({ answer: "refused", budgets: [SOFT] });
  const { coveredOutputTokens, refusal } = await extendHold(request, options, 0);
  assert.equal(coveredOutputTokens, 20n);
  assert.equal(refusal?.budgetId, "soft");
  await till.stop(1_000);
  assert.deepEqual(journaled, []);
});

test("where the budget service is away the stream goes on, and that is counted", async () => {
  const { till, request, options, unheld } = world({ answer: "away", budgets: [SOFT] });
  const { coveredOutputTokens, refusal } = await extendHold(request, options, 0);
  assert.deepEqual({ coveredOutputTokens, refusal }, { coveredOutputTokens: 40n, refusal: undefined });
  assert.deepEqual(unheld, [1]);
  await till.stop(10);
});

test("hard budgets and counters of requests are not asked", async () => {
  const { till, request, options, asked } = world({ budgets: [HARD, REQUESTS] });
  assert.equal((await extendHold(request, options, 0)).coveredOutputTokens, 40n);
  assert.deepEqual(asked, []);
  await till.stop(10);
});
