// Only what is listed can be grouped by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAVINGS_FIELDS, savingsField } from "./savings-question.ts";

test("a field is one of the list, or none", () => {
  for (const field of SAVINGS_FIELDS) assert.equal(savingsField(field), field);
  for (const other of ["", "Team", "cost_usd", "constructor"]) assert.equal(savingsField(other), undefined);
});
