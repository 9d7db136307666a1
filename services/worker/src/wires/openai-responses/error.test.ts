import assert from "node:assert/strict";
import { test } from "node:test";
import { readErrorEvent, readFailedResponse } from "./error.ts";

test("a failed response is a failure by its code; what it says of us stays here", () => {
  for (const [error, code] of [
    [{ code: "server_error", message: "our disks burn" }, "upstream_error"],
    [{ code: "rate_limit_exceeded", message: "slow down" }, "upstream_rate_limited"],
    [{ code: "context_length_exceeded", message: "too long" }, "context_length_exceeded"],
    [null, "upstream_error"],
  ] as const) {
    const failure = readFailedResponse({ status: "failed", error });
    assert.equal(failure.code, code);
    assert.doesNotMatch(failure.message, /disks|slow down/);
  }
});

test("the error event is read in both of its forms", () => {
  // As documented, and as it comes.
  const flat = { type: "error", code: "rate_limit_exceeded", message: "x", param: null, sequence_number: 3 };
  const nested = { type: "error", error: { type: "rate_limit_error", code: null, message: "x" }, sequence_number: 3 };
  for (const event of [flat, nested]) {
    assert.equal(readErrorEvent(Buffer.from(JSON.stringify(event))).code, "upstream_rate_limited");
  }
});
