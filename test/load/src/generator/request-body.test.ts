import assert from "node:assert/strict";
import { test } from "node:test";
import { requestBody } from "./request-body.ts";

test("a body has exactly the bytes asked for, whatever the model is called", () => {
  for (const stream of [true, false]) {
    for (const model of ["scripted-1", "scripted/scripted-1"]) {
      const body = requestBody(model, { stream, bodyBytes: 1_024, maxTokens: 64 });
      assert.equal(body.length, 1_024);
      assert.equal(JSON.parse(body.toString()).model, model);
    }
  }
  assert.throws(() => requestBody("m", { stream: true, bodyBytes: 20, maxTokens: 64 }), RangeError);
});
