import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { decodeKept, encodeKept, idempotencyKey, judgeAgain, type KeptRequest } from "./kept-request.ts";

const kept: KeptRequest = {
  fingerprint: "f",
  requestId: "r",
  life: "l",
  attempt: 1,
  resumeToken: "dG9rZW4=",
  answer: "",
};

test("the same again is replayed, waited for, or taken over; anything else is another request", () => {
  const alive = () => true;
  const dead = () => false;
  assert.equal(judgeAgain({ ...kept, answer: "r" }, "f", dead), "replay");
  assert.equal(judgeAgain(kept, "f", alive), "in_progress");
  assert.equal(judgeAgain(kept, "f", dead), "resume");
  assert.equal(judgeAgain({ ...kept, answer: "r" }, "g", alive), "another_request");
});

test("a key is 1 to 255 visible characters, or there is none", () => {
  assert.equal(idempotencyKey(undefined), undefined);
  assert.equal(idempotencyKey("8e03978e-40d5"), "8e03978e-40d5");
  for (const bad of ["", " ", "a b", "ü", "x".repeat(256), ["a", "b"]]) {
    assert.throws(
      () => idempotencyKey(bad),
      (error) => error instanceof WaybillError && error.param === "idempotency-key",
    );
  }
});

test("a record survives its bucket; what is none is not believed", () => {
  assert.deepEqual(decodeKept(encodeKept(kept)), kept);
  for (const text of ["", "null", "{}", '{"fingerprint":1}']) assert.equal(decodeKept(Buffer.from(text)), undefined);
});
