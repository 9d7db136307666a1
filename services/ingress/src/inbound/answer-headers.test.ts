import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnswerHead } from "../ports.ts";
import { answerHeaders, failureHeaders } from "./answer-headers.ts";

const head: AnswerHead = {
  route: "support@v3",
  path: "start>plan:true>premium",
  reason: "route support version 3",
  mode: "cost",
  sessionAffinity: "adaptive retain",
  provider: "sim",
  model: "premium",
  attempts: 2,
  simulated: true,
  budgetRemainingUsd: "1.5",
  clamped: true,
  maxOutputTokens: 40n,
  mayBeStopped: false,
  droppedFields: [],
  isReplayed: false,
  ...{ cache: "", cacheAgeSeconds: 0, savedUsd: "" },
};
const OURS = {
  "x-waybill-provider": "sim",
  "x-waybill-model": "premium",
  "x-waybill-attempts": "2",
  "x-waybill-simulated": "true",
  "x-waybill-route": "support@v3",
  "x-waybill-path": "start>plan:true>premium",
  "x-waybill-reason": "route support version 3",
  "x-waybill-mode": "cost",
  "x-waybill-session-affinity": "adaptive retain",
};
const OF_THE_BUDGET = { "x-waybill-budget-remaining-usd": "1.5", "x-waybill-max-output-tokens": "40" };
const CLOUDFLARES = { "cf-aig-provider": "sim", "cf-aig-model": "premium", "cf-aig-step": "1" };

describe("the headers of an answer", () => {
  it("tell what the decision said", () => {
    assert.deepEqual(answerHeaders(head, {}), { ...OURS, ...OF_THE_BUDGET });
  });

  it("say it in Cloudflare's words, too, to its clients and for a route", () => {
    const client = { "cf-aig-metadata": "{}" };
    assert.deepEqual(answerHeaders(head, client), { ...OURS, ...OF_THE_BUDGET, ...CLOUDFLARES });
    assert.ok(!("cf-aig-step" in answerHeaders({ ...head, route: "" }, client)));
  });

  it("of a failure tell everything but what is left and what was allowed", () => {
    assert.deepEqual(failureHeaders(head, {}), OURS);
  });

  it("say the key's default where it holds, also of a failure", () => {
    const defaulted = { ...head, maxOutputTokensDefault: 256 };
    const said = { "x-waybill-default-max-output-tokens": "256" };
    assert.deepEqual(answerHeaders(defaulted, {}), { ...OURS, ...OF_THE_BUDGET, ...said });
    assert.deepEqual(failureHeaders(defaulted, {}), { ...OURS, ...said });
  });

  it("never carry what no header may, and are bounded", () => {
    const odd = answerHeaders({ ...head, reason: `a\r\nb${"ü".repeat(1_000)}` }, {})["x-waybill-reason"] ?? "";
    assert.ok(odd.startsWith("a??b") && odd.length === 512);
  });
});
