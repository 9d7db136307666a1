// Batches of decisions cut into records.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerFindings, DecisionBatch, DecisionRecord } from "@waybill/wire";
import { splitBatch } from "./split-batch.ts";

function batchOf(...requestIds: string[]): Uint8Array {
  return DecisionBatch.encode({
    records: requestIds.map((requestId) => DecisionRecord.create({ requestId })),
    answers: [],
  }).finish();
}

test("every record comes out as it went in, alone and as a batch of one", () => {
  const ids = ["", "a", "b".repeat(200), "c".repeat(40_000)];
  const parts = splitBatch(batchOf(...ids));
  assert.deepEqual(
    parts?.map(({ record }) => DecisionRecord.decode(record).requestId),
    ids,
  );
  assert.deepEqual(
    parts?.map(({ framed }) => DecisionBatch.decode(framed).records.map(({ requestId }) => requestId)),
    ids.map((id) => [id]),
  );
  assert.deepEqual(splitBatch(new Uint8Array()), []);
});

test("another field that a newer router adds is passed over", () => {
  const added = Uint8Array.from([0x1a, 2, 7, 7, ...batchOf("one")]);
  assert.equal(splitBatch(added)?.length, 1);
});

test("cut at any byte inside a record it is no batch, and nothing throws", () => {
  const whole = batchOf("one", "two");
  const first = batchOf("one").length;
  for (let length = 1; length < whole.length; length += 1) {
    assert.equal(splitBatch(whole.subarray(0, length))?.length, length === first ? 1 : undefined, `${length} bytes`);
  }
});

test("lengths beyond the message, or without end, are refused", () => {
  for (const bytes of [
    [0x0a, 0x05, 1],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    [0x12, 0x05],
    [0x10, 0x00],
    [0x02, 0x00],
  ]) {
    assert.equal(splitBatch(Uint8Array.from(bytes)), undefined, String(bytes));
  }
});

test("what was found in answers is told from decisions", () => {
  const answers = [AnswerFindings.create({ requestId: "one", attempt: 1 })];
  const data = DecisionBatch.encode({ records: [DecisionRecord.create({ requestId: "two" })], answers }).finish();
  const parts = splitBatch(data) ?? [];
  assert.deepEqual(
    parts.map(({ kind }) => kind),
    ["decision", "answer"],
  );
  const [, answer] = parts;
  assert.deepEqual(answer && DecisionBatch.decode(answer.framed).answers, answers);
});
