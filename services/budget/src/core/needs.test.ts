import assert from "node:assert/strict";
import { test } from "node:test";
import { countersOf, needsOf } from "./needs.ts";
import type { LimitSpec } from "./operation.ts";
import { askGrant, closingOf, journalOf, lineOf, placeHoldOf, recordOf } from "./sample-books.test.ts";

test("every row that an operation can touch is read, once", () => {
  const needs = needsOf([
    askGrant("g1", 1n, { budgetId: "b7" }),
    placeHoldOf("r1.1", 1n, { cut: [lineOf("g2", 1n, 3)] }),
    journalOf("r2.1", lineOf("g3", 1n, 4)),
    closingOf("g4", 1n),
    recordOf("r3.1", "worker", 1n, lineOf("", 1n, 5), lineOf("g1", 1n, 5)),
    { kind: "reap_grant", grantId: "g5" },
    { kind: "release_attempt", attemptId: "r4.1" },
  ]);
  assert.deepEqual([...needs.budgetIds].sort(), ["b0", "b7"]);
  assert.deepEqual([...needs.windowIds].sort(), [3n, 4n, 5n]);
  assert.deepEqual([...needs.grantIds].sort(), ["g1", "g2", "g3", "g4", "g5"]);
  assert.deepEqual([...needs.attemptIds].sort(), ["r1.1", "r2.1", "r3.1", "r4.1"]);
});

test("the counters that operations want to exist are found, those of limits and those of templates", () => {
  const limit: LimitSpec = {
    ...{ name: "r/l", organisationId: "acme", route: "r", unit: "requests", amount: 7n },
    ...{ windowKind: "day", windowSeconds: 0n },
  };
  const template = { templateId: "t", value: "cleo" };
  const [ask] = placeHoldOf("r1.1", 1n).asks;
  assert.ok(ask);
  const wanted = countersOf([
    askGrant("g1", 1n, { budgetId: "limit.a", limit }),
    placeHoldOf("r1.1", 1n, { asks: [ask, { ...ask, budgetId: "per.b", template }] }),
  ]);
  assert.deepEqual(wanted, { limits: new Map([["limit.a", limit]]), templates: new Map([["per.b", template]]) });
});
