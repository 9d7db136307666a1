// In which rows requests are looked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type RequestFilter, rareRowsOf } from "./request-filter.ts";

export const NO_FILTER: RequestFilter = {
  ...{ organisationId: "", teamId: "", userId: "", keyId: "", endUserId: "", session: "", environment: "", tags: {} },
  ...{ route: "", routeVersion: 0, requestedModel: "", provider: "", account: "", model: "", outcome: "" },
  ...{ errorCode: "", finishReason: "", anyAttempt: false, refusalCode: "", minCostUsd: "" },
  ...{ unpriced: false, suspect: false, fallbacks: false, cached: false },
};

const rowsFor = (filter: Partial<RequestFilter>) => rareRowsOf({ ...NO_FILTER, ...filter });

test("what is rare is looked for where it stands, whatever else is asked", () => {
  assert.deepEqual(rowsFor({ refusalCode: "any", teamId: "support" }), ["refused"]);
  assert.deepEqual(rowsFor({ outcome: "refused" }), ["refused"]);
  assert.deepEqual(rowsFor({ outcome: "pending" }), ["pending"]);
  assert.deepEqual(rowsFor({ outcome: "failed_free" }), ["failed"]);
  assert.deepEqual(rowsFor({ errorCode: "x" }), ["failed", "refused"]);
  assert.deepEqual(rowsFor({ fallbacks: true }), ["repeated", "pending"]);
  assert.deepEqual(rowsFor({ unpriced: true, suspect: true }), ["suspect"]);
});

test("what may be any request is looked for among all", () => {
  for (const filter of [{}, { teamId: "support" }, { outcome: "success" }, { minCostUsd: "1" }, { cached: true }]) {
    assert.equal(rowsFor(filter), undefined);
  }
});
