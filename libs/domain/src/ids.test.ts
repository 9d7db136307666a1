import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId, parseAttemptId } from "./ids.ts";

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
