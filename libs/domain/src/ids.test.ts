import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId, firstUuidOf, parseAttemptId, parseRecordName, recordId, recordName, revisionOf } from "./ids.ts";

const requestId = "01936f4e-8f60-7abc-8def-0123456789ab";

test("an attempt id comes apart as it was put together", () => {
  for (const attempt of [0, 1, 12]) {
    assert.deepEqual(parseAttemptId(attemptId(requestId, attempt)), { requestId, attempt });
  }
});

test("anything else is no attempt id", () => {
  for (const text of [
    requestId,
    `${requestId}.00`,
    `${requestId}.01`,
    `${requestId}.1.2`,
    "r1.1",
    `${requestId}.x`,
    "",
  ]) {
    assert.equal(parseAttemptId(text), undefined, text);
  }
});

test("a record is named by its source and its revision", () => {
  assert.deepEqual([recordId("r.1", "worker"), recordId("r.1", "lost", 2)], ["r.1:worker", "r.1:lost.2"]);
  assert.deepEqual([revisionOf("r.1:worker"), revisionOf("r.1:lost.2")], [0, 2]);
  for (const [source, revision] of [["worker", 0] as const, ["ingress", 999] as const]) {
    assert.deepEqual(parseRecordName(recordName(source, revision)), { source, revision });
  }
  for (const text of ["", "nobody", "worker.0", "worker.01", "worker.1000", "worker."]) {
    assert.equal(parseRecordName(text), undefined, text);
  }
});

test("a bound lies between the ids of a millisecond and those of the one before", () => {
  const timeMs = 0x01936f4e8f60;
  assert.ok(firstUuidOf(timeMs) < requestId && requestId < firstUuidOf(timeMs + 1));
  assert.equal(firstUuidOf(0), "00000000-0000-0000-0000-000000000000");
});
