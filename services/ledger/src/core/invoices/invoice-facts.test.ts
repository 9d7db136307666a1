// An invoice as a whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUsd } from "@waybill/domain";
import { factsOf } from "./invoice-facts.ts";
import { parseSample } from "./sample-invoice.test.ts";

test("an invoice of costs: usage, credits and taxes are summed apart", () => {
  assert.deepEqual(factsOf(parseSample("aws-cur", "aws-cur.csv").lines), {
    ...{ hasAmounts: true, hasQuantities: true, namesAccounts: true, namesModels: true },
    usagePicoUsd: parseUsd("0.4051654"),
    creditPicoUsd: parseUsd("-0.01"),
    taxPicoUsd: parseUsd("0.02"),
    accounts: ["444455556666"],
  });
});

test("a file of usage has no amounts, and none is made of it", () => {
  const facts = factsOf(parseSample("openai", "openai-usage.csv").lines);
  assert.deepEqual([facts.hasAmounts, facts.hasQuantities, facts.usagePicoUsd], [false, true, 0n]);
});

test("a file of days alone names neither accounts nor models", () => {
  const line = { fileLine: 2, day: "2026-10-03", kind: "other", charge: "usage", quantity: undefined } as const;
  const facts = factsOf([{ ...line, account: "", model: "", amountPicoUsd: 5n }]);
  assert.deepEqual([facts.namesAccounts, facts.namesModels, facts.accounts], [false, false, [""]]);
});
