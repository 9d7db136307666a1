import assert from "node:assert/strict";
import { test } from "node:test";
import { DIRECT_POLICY } from "../attempt-policy.ts";
import type { Itinerary, ModelItem } from "../itinerary.ts";
import { sampleModel } from "../sample-models.ts";
import { sampleQuestion } from "../sample-question.ts";
import { askAfter, askFirst, reasonAfter } from "./ask.ts";

const item = (id: string): ModelItem => ({
  ...{ kind: "model", id, tries: 1, node: id, path: [id], limits: [], onlyAfter: [] },
  policy: DIRECT_POLICY,
});
const itinerary: Itinerary = {
  ...{ route: "r", routeVersion: 1, routeOrganisationId: "", exceeded: [], at: 0 },
  items: [item("a/small"), item("b/large")],
};
const failed = (failedAttempt: number, failureCode: string) => ({ failedAttempt, failureCode, retryAfterMs: 0 });
const question = sampleQuestion();
const snapshot = {
  model: (id: string) => (id === "a/small" ? sampleModel(id, { contextWindowTokens: 8_000n }) : undefined),
};

test("the first choice may take any stop", () => {
  assert.deepEqual(askFirst(question, itinerary), {
    question,
    itinerary,
    from: 0,
    retry: undefined,
    awaited: undefined,
    windowAbove: 0n,
  });
});

test("a choice after a failure begins behind the stop that failed", () => {
  const ask = askAfter(question, itinerary, failed(1, "upstream_error"), snapshot);
  assert.deepEqual([ask?.from, ask?.windowAbove], [1, 0n]);
});

test("after a prompt that did not fit, only a larger window will do", () => {
  assert.equal(askAfter(question, itinerary, failed(1, "context_length_exceeded"), snapshot)?.windowAbove, 8_000n);
  const gone = { model: () => undefined };
  assert.equal(askAfter(question, itinerary, failed(1, "context_length_exceeded"), gone)?.windowAbove, 0n);
});

test("a final failure asks nothing", () => {
  assert.equal(askAfter(question, itinerary, failed(1, "invalid_json"), snapshot), undefined);
});

test("the record says which attempt failed and how", () => {
  assert.equal(reasonAfter(failed(2, "upstream_error")), "after upstream_error of attempt 2");
});

test("a pause that one account asks for does not make a request wait for another account", () => {
  const refused = { ...failed(1, "upstream_rate_limited"), retryAfterMs: 2_000, otherAccount: true };
  const ask = askAfter(question, itinerary, refused, snapshot);
  assert.deepEqual([ask?.retry?.id, ask?.awaited], ["a/small", undefined]);
});
