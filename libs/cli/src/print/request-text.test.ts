// Requests in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptDetail, DecisionDetail, RequestRow } from "../api/requests.ts";
import { requestTable, requestText } from "./request-text.ts";

const ROW: RequestRow = {
  ...{ requestId: "r1", at: "2026-11-26T12:00:00.000Z", organisation: { id: "acme", name: "Acme" } },
  ...{ team: { id: "support", name: "Support" }, user: { id: "ada", name: null }, key: { id: "k1", name: "laptop" } },
  ...{ endUser: "customer-7", session: "s-1", environment: "production", tags: { app: "chat" } },
  ...{ requestedModel: "dynamic/chat", route: "chat", routeVersion: 3, model: "sim/economy", account: "default" },
  ...{ simulated: false, outcome: "success", errorCode: null, finishReason: "stop", refusalCode: null, attempts: 2 },
  ...{ cached: false, stream: true, suspect: false, inputTokens: 100, cachedInputTokens: 40, outputTokens: 20 },
  ...{ reasoningOutputTokens: 5, costUsd: "0.01", estimatedCostUsd: "0", unpricedAttempts: 0 },
  ...{ firstTokenMs: 40, durationMs: 900 },
};
const COST: AttemptDetail = {
  ...{ attemptId: "r1.1", outcome: "failed_free", costUsd: "0", model: "sim/premium", account: "east" },
  ...{ inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningOutputTokens: 0, cacheWrite5mTokens: 0 },
  ...{ cacheWrite1hTokens: 0, tokenSource: "none", errorCode: "provider_unavailable", finishReason: null },
  ...{ providerStatus: 503, firstTokenMs: null, durationMs: 30, suspect: false, source: "worker" },
};
const DECISION: DecisionDetail = {
  ...{
    requestId: "r1",
    attempt: 2,
    decidedAt: "2026-11-26T12:00:00Z",
    tookUs: 40,
    features: { model: "dynamic/chat" },
  },
  caller: { organisationId: "acme", teamName: "Support", teamId: "support", userName: "", userId: "ada" },
  explanation: {
    ...{ route: "chat", routeVersion: 3, path: ["start", "next"], reason: "fallback of premium", model: "sim/economy" },
    ...{
      simulated: false,
      refusal: null,
      heldUsd: "0",
      maxOutputTokens: 0,
      clamped: false,
      mode: null,
      sessionAffinity: null,
    },
    candidates: [
      {
        ...{ model: "sim/other", node: "next", rejectedBecause: "no live worker" },
        ...{ quality: null, expectedCostUsd: null, inBand: false },
      },
    ],
  },
  cost: { ...COST, attemptId: "r1.2", outcome: "success", errorCode: null, providerStatus: 200, model: "sim/economy" },
  inputs: { failedAttempt: 1, failureCode: "provider_unavailable" },
};
const UNTIL = { nextCursor: null, searchedUntil: "2026-11-25T12:00:00.000Z" };

test("a request is a line; an unknown cost is not zero, and neither is a part of one", () => {
  const table = requestTable({ requests: [ROW], ...UNTIL });
  assert.match(table, /Support +ada +dynamic\/chat +sim\/economy +success +2 +100 +20 +0\.01 +40 +900/);
  assert.match(table, /looked back to 2026-11-25T12:00:00\.000Z$/);
  const unknown = requestTable({ requests: [{ ...ROW, costUsd: null, unpricedAttempts: 1 }], ...UNTIL });
  assert.match(unknown, / unknown /);
  assert.match(requestTable({ requests: [{ ...ROW, unpricedAttempts: 1 }], ...UNTIL }), / 0\.01\+\? /);
  assert.match(requestTable({ requests: [], ...UNTIL, nextCursor: "x" }), /\(none\)\n.*\nThere may be more/);
});

test("a request in full has each attempt with its end, its money and why it went there", () => {
  const text = requestText({ requestId: "r1", request: ROW, decisions: [DECISION], otherAttempts: [COST] });
  assert.match(text, /^request {4}r1\nwhen {7}2026-11-26T12:00:00\.000Z\nwho {8}Acme \/ Support \/ ada\n/);
  assert.match(text, /tokens {5}100 input \(40 cached\), 20 output \(5 reasoning\)/);
  assert.match(text, /outcome {4}sim\/economy: success, stop, 2 attempts/);
  assert.match(text, /attempt {4}1 at sim\/premium at account east: failed_free \(provider_unavailable\), HTTP 503\n/);
  assert.match(text, /because {4}attempt 1 failed with provider_unavailable\nwhy {8}fallback of premium/);
  assert.match(text, /not {8}sim\/other: no live worker/);
  assert.ok(text.indexOf("1 at sim/premium") < text.indexOf("2 at sim/economy"), text);
});

test("a refusal, what is under way, and an answer from the cache say so", () => {
  const refused: DecisionDetail = {
    ...DECISION,
    ...{ attempt: 1, cost: null, inputs: null },
    explanation: { ...DECISION.explanation, model: null, refusal: { code: "budget_exceeded", message: "used up" } },
  };
  const row = { ...ROW, model: null, outcome: "refused", errorCode: "budget_exceeded", attempts: 0, costUsd: "0" };
  const text = requestText({ requestId: "r1", request: row, decisions: [refused], otherAttempts: [] });
  assert.match(text, /attempt {4}1 at nobody was asked: refused\nrefused {4}budget_exceeded: used up/);
  const pending = requestText({
    ...{ requestId: "r1", request: { ...ROW, outcome: "pending", costUsd: null }, otherAttempts: [] },
    decisions: [{ ...DECISION, cost: null }],
  });
  assert.match(pending, /cost {7}-\n/);
  assert.match(pending, /attempt {4}2 at sim\/economy: pending/);
  const kept = { ...COST, attemptId: "r1.0", outcome: "success", errorCode: null, providerStatus: null };
  const cached = requestText({
    requestId: "r1",
    request: { ...ROW, cached: true, attempts: 0 },
    decisions: [],
    otherAttempts: [kept],
  });
  assert.match(cached, /from the cache, first answered by sim\/premium/);
});
