// What follows a failed attempt, and whose turn has come.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptPolicy } from "@waybill/routes";
import { DIRECT_POLICY } from "./attempt-policy.ts";
import { ATTEMPTS_MAX, afterFailure, type Itinerary, isOpen, type ModelItem } from "./itinerary.ts";
import { sampleLimitUse } from "./sample-question.ts";

const item = (id: string, tries = 0, policy: Partial<AttemptPolicy> = {}): ModelItem => ({
  ...{ kind: "model", id, tries, node: id, path: ["start", id], limits: [], onlyAfter: [] },
  policy: { ...DIRECT_POLICY, ...policy },
});
const itinerary = (items: ModelItem[], at: number): Itinerary => ({
  ...{ route: "r", routeVersion: 1, routeOrganisationId: "", items, at },
  exceeded: [],
});

const failure = (failedAttempt: number, failureCode: string) => ({ failedAttempt, failureCode, retryAfterMs: 0 });

test("a retry comes first, then what follows it", () => {
  const failed = item("a/m", 1, { retries: 1 });
  const way = afterFailure(itinerary([failed, item("b/m")], 0), failure(1, "upstream_error"));
  assert.deepEqual([way?.retry, way?.from], [failed, 1]);
});

test("without retries the next one is tried, and nothing before it", () => {
  const way = afterFailure(itinerary([item("a/m"), item("b/m", 1), item("c/m")], 1), failure(1, "upstream_error"));
  assert.deepEqual([way?.retry, way?.from], [undefined, 2]);
});

test("a failure is final where the node does not fall back on it, where nothing follows, and after the last attempt", () => {
  const two = [item("a/m", 1), item("b/m")];
  assert.equal(afterFailure(itinerary(two, 0), failure(1, "content_filter")), undefined);
  assert.equal(afterFailure(itinerary(two, 0), failure(1, "invalid_json")), undefined);
  assert.equal(afterFailure(itinerary([item("a/m", 1)], 0), failure(1, "upstream_error")), undefined);
  assert.equal(afterFailure(itinerary(two, 0), failure(ATTEMPTS_MAX, "upstream_error")), undefined);
  assert.equal(afterFailure(itinerary(two, -1), failure(1, "upstream_error")), undefined);
});

test("a model whose provider asks for a long pause is not tried again, but another one is", () => {
  const again = itinerary([item("a/m", 1, { retries: 1 }), item("b/m")], 0);
  const retried = (retryAfterMs: number) =>
    afterFailure(again, { ...failure(1, "upstream_rate_limited"), retryAfterMs })?.retry?.id;
  assert.deepEqual([retried(5_000), retried(5_001)], ["a/m", undefined]);
});

test("a retry is possible where a fallback is not", () => {
  const failed = item("a/m", 1, { retries: 1, fallbackOn: [] });
  const way = afterFailure(itinerary([failed, item("b/m")], 0), failure(1, "upstream_error"));
  assert.deepEqual([way?.retry, way?.from], [failed, 2]);
});

test("an item behind a limit waits until the limit was exceeded; one within it is over by then", () => {
  const within = { ...item("a/m"), limits: [sampleLimitUse("l")] };
  const beyond = { ...item("b/m"), onlyAfter: ["l"] };
  assert.deepEqual([isOpen(within, new Set()), isOpen(beyond, new Set())], [true, false]);
  assert.deepEqual([isOpen(within, new Set(["l"])), isOpen(beyond, new Set(["l"]))], [false, true]);
});

test("where another account is free the same model comes first, for a model by its name, too", () => {
  const refused = { ...failure(1, "upstream_rate_limited"), retryAfterMs: 20_000, otherAccount: true };
  const direct = [item("a/m", 1)];
  assert.deepEqual(afterFailure(itinerary(direct, 0), refused)?.retry, direct[0]);
  const two = [item("a/m", 1), item("b/m")];
  const way = afterFailure(itinerary(two, 0), { ...refused, failureCode: "upstream_auth" });
  assert.deepEqual([way?.retry, way?.from], [two[0], 1]);
  assert.equal(afterFailure(itinerary([item("a/m", 4)], 0), refused), undefined, "not for ever");
  assert.equal(afterFailure(itinerary(direct, 0), { ...refused, otherAccount: false }), undefined);
});
