import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { toErrorBody, toErrorEvent } from "./errors.ts";

describe("errors in OpenAI's shape", () => {
  it("always have the four fields clients look for", () => {
    const { error } = toErrorBody(new WaybillError("model_not_found", { detail: "internal words" }));
    assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"]);
    assert.equal(error.param, null);
    assert.ok(!JSON.stringify(error).includes("internal words"));
  });

  it("are one event without [DONE] inside a stream", () => {
    const event = toErrorEvent(new WaybillError("stream_gap"));
    assert.match(event, /^data: \{"error":.*\}\n\n$/);
    assert.ok(!event.includes("[DONE]"));
  });
});
