import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS } from "@waybill/domain";
import { failureWith } from "./ending.ts";

test("a failure by its code alone says the catalogue's sentence and nothing of a field or a wait", () => {
  const failure = { code: "upstream_error", message: ERRORS.upstream_error.sentence, param: "", retryAfterMs: 0 };
  assert.deepEqual(failureWith("upstream_error"), { ...failure, providerStatus: 200 });
  assert.equal(failureWith("upstream_error", 0).providerStatus, 0);
});
