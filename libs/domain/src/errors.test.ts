import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, isErrorCode } from "./errors.ts";
import { WaybillError } from "./waybill-error.ts";

test("every entry has statuses that exist and a sentence", () => {
  for (const [code, { httpStatus, grpcStatus, sentence, type }] of Object.entries(ERRORS)) {
    assert.match(code, /^[a-z][a-z_]*$/);
    assert.ok(httpStatus >= 400 && httpStatus < 600, code);
    assert.ok(grpcStatus >= 1 && grpcStatus <= 16, code);
    assert.match(sentence, /^[A-Z].*\.$/, code);
    assert.ok(type.length > 0, code);
  }
});

test("an exhausted budget is 402: 429 would make every client try again", () => {
  assert.equal(ERRORS.budget_exceeded.httpStatus, 402);
  assert.equal(ERRORS.budget_exceeded.retry, "never");
});

test("what was never sent may be sent elsewhere: the ingress asks for the next model", () => {
  for (const code of ["not_sent", "no_workers", "worker_lost"] as const) assert.equal(ERRORS[code].retry, "next", code);
});

test("only codes of the catalogue are codes", () => {
  assert.ok(isErrorCode("budget_exceeded"));
  for (const text of ["", "nope", "toString", "__proto__", "constructor"]) assert.ok(!isErrorCode(text), text);
});

test("what was thrown by surprise is an internal error that tells a client nothing", () => {
  const surprise = WaybillError.from(new Error("password=hunter2"));
  assert.equal(surprise.code, "internal_error");
  assert.ok(!surprise.publicMessage.includes("hunter2"));
  const expected = new WaybillError("no_workers", { detail: "sim/economy" });
  assert.equal(WaybillError.from(expected), expected);
  assert.equal(expected.publicMessage, ERRORS.no_workers.sentence);
});
