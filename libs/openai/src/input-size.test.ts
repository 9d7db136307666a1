import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseChatRequest } from "./chat-request.ts";
import { sizeInput } from "./input-size.ts";

const size = (fields: object) =>
  sizeInput(parseChatRequest(Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user" }], ...fields }))));

describe("sizeInput()", () => {
  it("bounds the UTF-8 bytes of any text, so that it bounds byte-level tokens", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (content) => {
        const { textBytes } = size({ messages: [{ role: "user", content }] });
        assert.ok(textBytes >= Buffer.byteLength(content));
      }),
    );
  });

  it("counts tools and structured output as input", () => {
    const plain = size({});
    const tools = [{ type: "function", function: { name: "f", description: "d".repeat(400), parameters: {} } }];
    assert.ok(size({ tools }).textBytes > plain.textBytes + 400);
    assert.ok(size({ response_format: { type: "json_schema", json_schema: {} } }).textBytes > plain.textBytes);
  });

  it("tells inline pictures from remote ones", () => {
    const image = (url: string) => [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
    const inline = size({ messages: image(`data:image/png;base64,${"A".repeat(10_000)}`) });
    assert.equal(inline.hasImages, true);
    assert.equal(inline.hasUnseenInput, false);
    assert.ok(inline.estimatedTokens < 2_000, "base64 is not text");
    assert.equal(size({ messages: image("https://example.com/a.png") }).hasUnseenInput, true);
  });

  it("notices stored input", () => {
    assert.equal(size({ previous_response_id: "r" }).hasUnseenInput, true);
    assert.equal(
      size({ messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] }).hasUnseenInput,
      true,
    );
  });
});
