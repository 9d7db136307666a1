import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decisionConsumer,
  OBJECT_BUCKETS,
  PASSING_BUCKETS,
  STREAMS,
  usageConsumer,
  WORK_ACK_WAIT_MS,
  workConsumer,
} from "./streams.ts";

test("prompts never touch a disk, facts always do", () => {
  assert.equal(STREAMS.work.storage, "memory");
  assert.equal(STREAMS.usage.storage, "file");
  assert.equal(STREAMS.decisions.storage, "file");
  assert.equal(STREAMS.dead.storage, "file");
});

test("every stream is bounded, in bytes and in time", () => {
  for (const stream of Object.values(STREAMS)) {
    assert.ok(stream.maxBytes > 0 && stream.maxAgeMs > 0 && stream.duplicateWindowMs > 0, stream.name);
    assert.ok(stream.duplicateWindowMs <= stream.maxAgeMs, stream.name);
  }
});

test("a durable of WORK belongs to one life of the stream and to one model", () => {
  const model = { provider: "open.ai", model: "gpt-4.1" };
  const first = workConsumer(model, "2026-11-23T01:00:00.000000001Z");
  assert.match(first.durable, /^[A-Za-z0-9_-]+$/);
  assert.notEqual(first.durable, workConsumer(model, "2026-11-23T01:00:00.000000002Z").durable);
  assert.notEqual(
    first.durable,
    workConsumer({ ...model, model: "gpt-4_2E1" }, "2026-11-23T01:00:00.000000001Z").durable,
  );
  assert.equal(first.filterSubject, "waybill.work.open_2Eai.gpt-4_2E1");
  assert.equal(first.ackWaitMs, WORK_ACK_WAIT_MS);
});

test("ledger and budget each read all of USAGE through a durable of their own", () => {
  assert.notEqual(usageConsumer("ledger").durable, usageConsumer("budget").durable);
  assert.equal(usageConsumer("ledger").filterSubject, usageConsumer("budget").filterSubject);
});

test("explanations and alerts alone make room for newer ones; money, work and dead letters are refused instead", () => {
  const dropping = Object.values(STREAMS).filter(({ discard }) => discard === "old");
  assert.deepEqual(
    dropping.map(({ name }) => name),
    ["DECISIONS", "ALERTS", "EVENTS"],
  );
});

test("the ledger reads all of DECISIONS through a durable of its own", () => {
  const { stream, filterSubject, durable } = decisionConsumer();
  assert.deepEqual([stream, [filterSubject], durable], ["DECISIONS", [...STREAMS.decisions.subjects], "ledger"]);
});

test("an Idempotency-Key is remembered for 24 hours, and its answer no shorter", () => {
  const dayMs = 24 * 60 * 60 * 1_000;
  assert.deepEqual([PASSING_BUCKETS.requests.maxAgeMs, OBJECT_BUCKETS.answers.maxAgeMs], [dayMs, dayMs]);
});
