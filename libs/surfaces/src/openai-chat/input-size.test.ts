import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readChatRequest } from "./request.ts";

const size = (fields: object) =>
  readChatRequest(Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user" }], ...fields }))).size;

describe("the size of a chat request", () => {
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

  it("notices sound, written out, linked or named by an earlier answer", () => {
    const said = (part: object) => size({ messages: [{ role: "user", content: [part] }] });
    const written = said({ type: "input_audio", input_audio: { data: "A".repeat(10_000), format: "wav" } });
    assert.deepEqual([written.hasAudio, written.hasUnseenInput], [true, false]);
    assert.ok(written.estimatedTokens < 2_000, "base64 is not text");
    const linked = said({ type: "audio_url", audio_url: { url: "https://example.com/a.wav" } });
    assert.deepEqual([linked.hasAudio, linked.hasUnseenInput], [true, true]);
    const earlier = size({ messages: [{ role: "assistant", audio: { id: "audio_1" } }] });
    assert.deepEqual([earlier.hasAudio, earlier.hasUnseenInput], [true, true]);
    assert.equal(size({}).hasAudio, false);
  });

  it("notices stored input", () => {
    assert.equal(size({ previous_response_id: "r" }).hasUnseenInput, true);
    const film = { type: "video_url", video_url: { url: "https://example.com/a.mp4" } };
    assert.equal(size({ messages: [{ role: "user", content: [film] }] }).hasUnseenInput, true);
    assert.equal(
      size({ messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] }).hasUnseenInput,
      true,
    );
  });
});
