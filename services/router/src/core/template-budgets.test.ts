// Templates: each value of a field has a counter of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit } from "@waybill/wire";
import type { IndexedBudget, ScopeFacts } from "./budget-index.ts";
import { sampleBudget } from "./sample-models.ts";
import { TemplateBudgets } from "./template-budgets.ts";

const hash = (text: string): string => Buffer.from(text).toString("hex").split("").reverse().join("").padEnd(40, "0");
const facts = (change: Partial<ScopeFacts> = {}): ScopeFacts => ({
  ...{ organisationId: "acme", teamId: "support", userId: "ada", keyId: "k1", endUserId: "", tags: {} },
  ...change,
});
const TEMPLATE: IndexedBudget = { ...sampleBudget("each", {}, false), unit: BudgetUnit.TOKENS, per: "userId" };

test("each value has a counter of its own, the same one every time, with the template's rule", () => {
  const templates = new TemplateBudgets(hash);
  const plain = sampleBudget("plain", {});
  const [first, counter] = templates.countedBy([plain, TEMPLATE], facts(), 0);
  assert.equal(first, plain);
  assert.ok(counter);
  assert.match(counter.id, /^per\.[0-9a-f]{40}$/);
  assert.deepEqual(counter.template, { templateId: "each", value: "ada" });
  assert.deepEqual(
    [counter.name, counter.unit, counter.hard, counter.per],
    ["each (ada)", BudgetUnit.TOKENS, false, undefined],
  );
  assert.equal(templates.countedBy([TEMPLATE], facts({ keyId: "k2" }), 1)[0], counter);
  assert.ok(templates.has(counter.id));
  const ids = [facts({ userId: "ben" }), facts({ userId: "adb" })].map(
    (of) => templates.countedBy([TEMPLATE], of, 1)[0]?.id,
  );
  assert.equal(new Set([counter.id, ...ids]).size, 3);
});

test("a template does not apply to a request without a value of its field", () => {
  const templates = new TemplateBudgets(hash);
  assert.deepEqual(templates.countedBy([{ ...TEMPLATE, per: "endUserId" }], facts(), 0), []);
});

test("a changed template changes its counters, and another field is another counter", () => {
  const templates = new TemplateBudgets(hash);
  const [before] = templates.countedBy([TEMPLATE], facts(), 0);
  const [harder] = templates.countedBy([{ ...TEMPLATE, hard: true }], facts(), 1);
  assert.deepEqual([harder?.id === before?.id, harder?.hard], [true, true]);
  const [other] = templates.countedBy([{ ...TEMPLATE, per: "keyId" }], facts({ keyId: "ada" }), 1);
  assert.notEqual(other?.id, before?.id);
});

test("what clients write into a value cannot break it: control characters go, length is bounded, and values stay apart", () => {
  const templates = new TemplateBudgets(hash);
  const long = "x".repeat(5_000);
  const values = ["\u0000", "\u0001", long, `${long}y`].map(
    (endUserId) => templates.countedBy([{ ...TEMPLATE, per: "endUserId" }], facts({ endUserId }), 0)[0],
  );
  assert.deepEqual(
    values.map((counter) => counter?.template?.value.length),
    [1, 1, 200, 200],
  );
  assert.equal(new Set(values.map((counter) => counter?.id)).size, 4);
});
