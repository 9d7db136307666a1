import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit } from "@waybill/wire";
import { budgetsToHold } from "./budgets-to-hold.ts";
import { samplePrice } from "./sample-models.ts";

const money = { unit: BudgetUnit.UNSPECIFIED };
const requests = { unit: BudgetUnit.REQUESTS };
const tokens = { unit: BudgetUnit.TOKENS };
const all = [money, requests, tokens];

test("an attempt that costs something is held on every budget that matches", () => {
  assert.deepEqual(budgetsToHold(all, samplePrice(1n, 1n), false), all);
});

test("one that is free is held on what counts requests and tokens", () => {
  assert.deepEqual(budgetsToHold(all, samplePrice(0n, 0n), false), [requests, tokens]);
});

test("one that has no price yet is held on every budget, whose windows its price is posted on when it arrives", () => {
  assert.deepEqual(budgetsToHold(all, undefined, false), all);
});

test("a kept answer is a request and nothing else", () => {
  assert.deepEqual(budgetsToHold(all, samplePrice(1n, 1n), true), [requests]);
});
