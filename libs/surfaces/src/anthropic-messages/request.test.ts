import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readMessagesRequest, readMessagesToCount } from "./request.ts";

const good = { model: "claude/opus", max_tokens: 9, messages: [{ role: "user", content: "hi" }] };
const read = (fields: object = {}) => readMessagesRequest(Buffer.from(JSON.stringify({ ...good, ...fields })));
const part = (block: object) => ({ messages: [{ role: "user", content: [block] }] });

describe("readMessagesRequest()", () => {
  it("reads what routing and holds need and lets everything else be", () => {
    const schema = { type: "json_schema", schema: {} };
    const asked = read({
      stream: true,
      metadata: { user_id: "u-1" },
      output_config: { format: schema },
      tools: [{ name: "f" }],
      x: 1,
    });
    assert.deepEqual([asked.surface, asked.stream, asked.wantsUsage], ["anthropic-messages", true, true]);
    assert.deepEqual([asked.maxOutputTokens, asked.choiceCount, asked.endUserId], [9, 1, "u-1"]);
    assert.deepEqual([asked.hasTools, asked.hasJsonSchema, asked.fields.has("x")], [true, true, true]);
  });

  for (const [param, fields] of [
    ["max_tokens", { max_tokens: undefined }],
    ["max_tokens", { max_tokens: 1.5 }],
    ["messages", { messages: [] }],
    ["messages[1]", { messages: [{ role: "user" }, "x"] }],
    ["tools", { tools: {} }],
    ["model", { model: "" }],
  ] as const) {
    it(`refuses ${JSON.stringify(fields)} by name`, () => {
      assert.throws(
        () => read(fields),
        (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
      );
    });
  }

  it("counts without a limit", () => {
    assert.ok(
      readMessagesToCount(Buffer.from(JSON.stringify({ model: "m", messages: good.messages }))).size.estimatedTokens >
        0,
    );
  });

  it("bounds the text that the model reads, wherever it stands", () => {
    for (const fields of [{ system: "ü".repeat(100) }, { tools: [{ name: "f", description: "ü".repeat(100) }] }]) {
      assert.ok(read(fields).size.textBytes >= read().size.textBytes + 200);
    }
  });

  it("holds pictures, documents and what it cannot see for the whole window", () => {
    const inline = { type: "base64", media_type: "image/png", data: "A".repeat(9_000) };
    const image = read(part({ type: "image", source: inline })).size;
    assert.deepEqual([image.hasImages, image.hasUnseenInput], [true, false]);
    assert.ok(image.estimatedTokens < 2_000, "base64 is not text");
    assert.equal(
      read(part({ type: "image", source: { type: "url", url: "https://x/a.png" } })).size.hasUnseenInput,
      true,
    );
    assert.equal(
      read(part({ type: "document", source: { ...inline, media_type: "application/pdf" } })).size.hasUnseenInput,
      true,
    );
    const text = read(
      part({ type: "document", source: { type: "text", media_type: "text/plain", data: "x".repeat(400) } }),
    ).size;
    assert.deepEqual([text.hasUnseenInput, text.estimatedTokens >= 100], [false, true]);
    const result = { type: "tool_result", tool_use_id: "t", content: [{ type: "image", source: inline }] };
    assert.equal(read(part(result)).size.hasImages, true);
  });

  it("says what its price does not cover: other lanes and regions, and tools that run at the provider", () => {
    assert.equal(
      read({ tools: [{ name: "f" }, { type: "bash_20250124", name: "bash" }], speed: "standard" }).isPriceUnbounded,
      false,
    );
    for (const fields of [
      { tools: [{ type: "web_search_20250305", name: "web_search" }] },
      { tools: [{ type: "anything_of_next_year", name: "x" }] },
      { speed: "fast" },
      { inference_geo: "us" },
      { container: "c" },
    ]) {
      assert.equal(read(fields).isPriceUnbounded, true, JSON.stringify(fields));
    }
  });
});
