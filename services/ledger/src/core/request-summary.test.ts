// Requests in a row each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Attribution, DecisionRecord, type RequestSummary } from "@waybill/wire";
import { type BookedAttempt, type OpenDecision, summarise } from "./request-summary.ts";

const REQUEST = { requestId: "0190aaaa-0000-7000-8000-000000000001", requestedAtMs: 1_720_000_000_000 };
const ATTRIBUTION = Attribution.fromPartial({
  ...{ organisationId: "acme", teamId: "support", userId: "ada", keyId: "k1", keyName: "laptop" },
  tags: { environment: "production" },
});

const booked = (changes: Partial<BookedAttempt> = {}): BookedAttempt => ({
  ...{ attempt: 1, attribution: ATTRIBUTION, environment: "production", session: "s", requestedModel: "dynamic/chat" },
  ...{ route: "chat", routeVersion: 3, provider: "sim", account: "default", model: "economy", simulated: false },
  ...{ outcome: "success", errorCode: "", finishReason: "stop", stream: true, suspect: false },
  tokens: { input: 10n, cachedInput: 4n, cacheWrite5m: 1n, cacheWrite1h: 0n, output: 5n, reasoningOutput: 2n },
  ...{ costPicoUsd: 1_000n, estimated: false, firstTokenMs: 40, durationMs: 100 },
  ...changes,
});
const decided = (attempt: number, refusalCode = ""): OpenDecision => ({
  attempt,
  record: DecisionRecord.fromPartial({
    attribution: ATTRIBUTION,
    inputs: { features: { requestedModel: "dynamic/chat", stream: true, routing: { sessionId: "s" } } },
    explanation: {
      ...{ route: "chat", routeVersion: 3, refusalCode },
      target: refusalCode === "" ? { provider: "sim", model: "premium" } : undefined,
    },
  }),
});
const row = (attempts: readonly BookedAttempt[], open: readonly OpenDecision[] = []): RequestSummary =>
  summarise({ ...REQUEST, booked: attempts, open });

test("a request is its last attempt, with the sums of all", () => {
  const failed = booked({
    model: "premium",
    outcome: "failed_billed",
    errorCode: "x",
    costPicoUsd: 7n,
    estimated: true,
  });
  const { model, outcome, errorCode, attempts, costPicoUsd, estimatedCostPicoUsd, inputTokens, durationMs } = row([
    failed,
    booked({ attempt: 2 }),
  ]);
  assert.deepEqual([model, outcome, errorCode, attempts], ["economy", "success", "", 2]);
  assert.deepEqual([costPicoUsd, estimatedCostPicoUsd, inputTokens, durationMs], ["1007", "7", 20n, 200n]);
});

test("an unknown cost is not zero, and in no sum", () => {
  const unpriced = booked({ attempt: 2, costPicoUsd: undefined });
  assert.deepEqual([row([unpriced]).costPicoUsd, row([unpriced]).unpricedAttempts], ["", 1]);
  assert.deepEqual([row([booked(), unpriced]).costPicoUsd, row([booked(), unpriced]).unpricedAttempts], ["1000", 1]);
});

test("a refused request cost nothing; one that is under way nobody knows", () => {
  const refused = row([], [decided(1, "budget_exceeded")]);
  assert.deepEqual(
    [refused.outcome, refused.refusalCode, refused.errorCode, refused.attempts, refused.costPicoUsd, refused.model],
    ["refused", "budget_exceeded", "budget_exceeded", 0, "0", ""],
  );
  assert.deepEqual(
    [refused.teamId, refused.environment, refused.session, refused.stream],
    ["support", "production", "s", true],
  );
  const pending = row([], [decided(1)]);
  assert.deepEqual(
    [pending.outcome, pending.model, pending.attempts, pending.costPicoUsd],
    ["pending", "premium", 1, ""],
  );
});

test("a model that was asked for is no route", () => {
  const { record } = decided(1, "model_not_found");
  const explanation = record.explanation && { ...record.explanation, route: "sim/nobody", routeVersion: 0 };
  assert.equal(row([], [{ attempt: 1, record: { ...record, explanation } }]).route, "");
});

test("what follows a failed attempt: another one under way, or a refusal", () => {
  const failed = booked({ outcome: "failed_free", errorCode: "provider_unavailable", costPicoUsd: 0n });
  const again = row([failed], [decided(2)]);
  assert.deepEqual([again.outcome, again.attempts, again.costPicoUsd], ["pending", 2, "0"]);
  const over = row([failed], [decided(2, "no_workers")]);
  assert.deepEqual(
    [over.outcome, over.errorCode, over.refusalCode, over.attempts],
    ["failed_free", "provider_unavailable", "no_workers", 1],
  );
});

test("an answer from the cache is no attempt", () => {
  const { cached, attempts, costPicoUsd } = row([booked({ attempt: 0, costPicoUsd: 0n })]);
  assert.deepEqual([cached, attempts, costPicoUsd], [true, 0, "0"]);
});

test("whose it is, is told by the attempt that knows", () => {
  const lost = booked({ attribution: Attribution.fromPartial({ organisationId: "acme" }), requestedModel: "" });
  assert.equal(row([lost, booked({ attempt: 2 })]).teamId, "support");
  assert.equal(row([lost]).organisationId, "acme");
});
