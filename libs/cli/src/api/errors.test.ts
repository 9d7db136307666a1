// Refusals as sentences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT } from "../exit-codes.ts";
import { notReached, Refusal, refusalOf } from "./errors.ts";

const body = (error: object): string => JSON.stringify({ error });

test("a refusal keeps its sentence, code and problems", () => {
  const problems = [{ node: "m", field: "model", problem: "does not exist" }];
  const refusal = refusalOf(400, body({ code: "invalid_value", message: "It cannot be saved.", problems }));
  assert.ok(refusal instanceof Refusal);
  assert.deepEqual([refusal.message, refusal.code, refusal.exitCode], ["It cannot be saved.", "invalid_value", 1]);
  assert.deepEqual(refusal.problems, problems);
});

test("the field at fault and what helps are said", () => {
  assert.match(
    refusalOf(400, body({ code: "invalid_value", message: "No.", param: "limit" })).message,
    /^No\. \(limit/,
  );
  assert.match(refusalOf(409, body({ code: "version_conflict", message: "Late." })).message, /pull or plan again/);
  assert.match(refusalOf(401, body({ code: "invalid_api_key", message: "No." })).message, /WAYBILL_ADMIN_KEY/);
});

test("an answer that is none of the admin API's says so", () => {
  for (const text of ["<html>", "{}", "null", '{"error":"x"}'])
    assert.match(refusalOf(502, text).message, /never does/);
});

test("an API that is away is named with the reason, and what to do", () => {
  const away = notReached("http://127.0.0.1:1", new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") }));
  assert.equal(away.exitCode, EXIT.failed);
  assert.match(away.message, /http:\/\/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED\n.*npm start/);
  assert.match(notReached("x", new DOMException("late", "TimeoutError")).message, /did not answer in time/);
});
