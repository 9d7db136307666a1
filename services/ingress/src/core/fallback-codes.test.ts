import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, type ErrorCode, isErrorCode } from "@waybill/domain";
import { mayHaveNext } from "./fallback-codes.ts";

test("a router is asked after every failure that another model may not have, and after a content filter; after no other", () => {
  const asked = Object.keys(ERRORS).filter((code) => isErrorCode(code) && mayHaveNext(code));
  const expected = Object.entries(ERRORS).filter(([code, { retry }]) => retry === "next" || code === "content_filter");
  assert.deepEqual(asked.sort(), expected.map(([code]) => code).sort());
  for (const code of ["upstream_rejected", "stream_gap", "overloaded", "gateway_timeout"] satisfies ErrorCode[]) {
    assert.equal(mayHaveNext(code), false, code);
  }
});
