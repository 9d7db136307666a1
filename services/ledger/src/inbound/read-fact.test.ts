import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageRecord } from "@waybill/wire";
import { SAMPLE_REQUEST } from "../core/sample-fact.test.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import { readFact } from "./read-fact.ts";

function read(changes: Record<string, unknown> = {}): UsageFact {
  const record = UsageRecord.fromPartial({
    recordId: `${SAMPLE_REQUEST}.1:worker`,
    attemptId: `${SAMPLE_REQUEST}.1`,
    requestId: SAMPLE_REQUEST,
    attempt: 1,
    source: 1,
    outcome: 1,
    tokenSource: 1,
    attribution: { organisationId: "acme" },
    target: { provider: "sim", model: "economy" },
    costKnown: true,
    ...changes,
  });
  const reading = readFact(UsageRecord.encode(record).finish());
  if (reading.kind !== "fact") assert.fail(reading.reason);
  return reading.fact;
}

test("what a client may write into a name never keeps its cost off the books", () => {
  const fact = read({
    attribution: { organisationId: "acme", endUserId: "a\0b", tags: { "x\0": "😀".repeat(400) } },
    requestedModel: "m".repeat(10_000),
  });
  assert.equal(fact.attribution.endUserId, "a\uFFFDb");
  assert.deepEqual(Object.keys(fact.attribution.tags), ["x\uFFFD"]);
  const [tag = ""] = Object.values(fact.attribution.tags);
  assert.ok(tag.length <= 512);
  assert.ok(!/[\uD800-\uDBFF]$/.test(tag), "no character is cut in half");
  assert.equal(fact.requestedModel.length, 512);
});

test("evidence is JSON that jsonb takes, or a text inside it", () => {
  assert.equal(read({ evidenceJson: '{"counted_output_tokens":12}' }).evidenceJson, '{"counted_output_tokens":12}');
  for (const evidenceJson of ["{broken", '"\\u0000"', '"\\ud800"', `"${"x".repeat(20_000)}"`]) {
    const kept = JSON.parse(read({ evidenceJson }).evidenceJson) as { text: string };
    assert.equal(kept.text, evidenceJson.slice(0, 512));
  }
});

test("a recorder without a clock is dated by the request", () => {
  assert.equal(read({ recordedAtMs: 0n }).recordedAtMs, 0x01932f5e8a00);
  assert.equal(read({ recordedAtMs: 9_223_372_036_854_775_807n }).recordedAtMs, 0x01932f5e8a00);
});

test("poison stays poison", () => {
  assert.equal(readFact(new Uint8Array([1, 2, 3])).kind, "poison");
});
