import assert from "node:assert/strict";
import { test } from "node:test";
import { outranks, type RankedRecord } from "@waybill/domain";
import { AttemptOutcome, RecordSource, TokenSource, UsageRecord, Waybill } from "@waybill/wire";
import { nothingSpent } from "./settle.ts";
import { makeUsageRecord } from "./usage-record.ts";

const waybill = Waybill.fromPartial({
  requestId: "r",
  attemptId: "r.2",
  attempt: 2,
  ingressId: "i",
  attribution: { organisationId: "acme", tags: { a: "b" } },
  target: { provider: "p", model: "m", upstreamModel: "u", simulated: true },
  route: "support",
  routeVersion: 3,
  path: ["start", "paid"],
  holds: [{ budgetId: "b", windowId: 1n, grantId: "", amountPicoUsd: 5n, hard: true }],
  holder: "h",
  requestedModel: "dynamic/support",
  stream: true,
});
const facts = {
  source: "worker",
  workerId: "w",
  recordedAtMs: 1_700_000_000_000.7,
  firstTokenMs: 1.4,
  durationMs: 2.6,
  finishReason: "",
  errorCode: "not_sent",
  providerStatus: 0,
  account: "east",
} as const;

test("a record repeats the waybill and is named by attempt and source", () => {
  const record = makeUsageRecord(waybill, nothingSpent(), facts);
  assert.equal(record.recordId, "r.2:worker");
  assert.equal(record.source, RecordSource.WORKER);
  assert.deepEqual([record.outcome, record.tokenSource], [AttemptOutcome.FAILED_FREE, TokenSource.NONE]);
  assert.deepEqual([record.holds, record.target, record.path], [waybill.holds, waybill.target, waybill.path]);
  assert.deepEqual([record.recordedAtMs, record.firstTokenMs, record.durationMs], [1_700_000_000_000n, 1, 3]);
  assert.deepEqual([record.evidenceJson, record.account], ["", "east"]);
  assert.deepEqual(UsageRecord.decode(UsageRecord.encode(record).finish()), record);
});

test("what was not called because nobody answered is void, so that a record of a call outranks it", () => {
  const record = makeUsageRecord(waybill, nothingSpent(), { ...facts, source: "void" });
  assert.deepEqual([record.recordId, record.source, record.workerId], ["r.2:void", RecordSource.VOID, "w"]);
  const called: RankedRecord = { source: "worker", revision: 0, costPicoUsd: 5n, outcome: "success" };
  assert.ok(outranks(called, { source: "void", revision: 0, costPicoUsd: record.costPicoUsd, outcome: "failed_free" }));
});

test("an attempt found without its holder has a source of its own, and its evidence goes with it", () => {
  const settlement = { ...nothingSpent(), evidence: { content_bytes: 9 } };
  const record = makeUsageRecord(waybill, settlement, { ...facts, source: "lost" });
  assert.deepEqual(
    [record.recordId, record.source, record.evidenceJson],
    ["r.2:lost", RecordSource.LOST, '{"content_bytes":9}'],
  );
});
