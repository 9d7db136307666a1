import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteAnswerTexts, rewriteRequestTexts } from "./model-texts.ts";

/** The texts that are read, JSON marked. */
function readIn(body: object): string[] {
  const seen: string[] = [];
  rewriteRequestTexts(Buffer.from(JSON.stringify(body)), (text, isJson) => {
    seen.push(isJson ? `json ${text}` : text);
    return text;
  });
  return seen;
}

const encoded = "QUJD".repeat(40);

test("of a chat request: messages, parts, arguments of calls, results and what tools are for", () => {
  const read = readIn({
    model: "dynamic/support",
    user: "u-1",
    metadata: { note: "for us" },
    messages: [
      { role: "system", content: "be kind" },
      {
        role: "user",
        name: "jane",
        content: [
          { type: "text", text: "hello" },
          { type: "image_url", image_url: { url: "https://x/y z.png" } },
        ],
      },
      { role: "user", content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${encoded}` } }] },
      { role: "user", content: [{ type: "input_audio", input_audio: { data: encoded, format: "wav" } }] },
      {
        role: "assistant",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: '{"q":1}' } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "found" },
    ],
    tools: [{ type: "function", function: { name: "look", description: "looks things up" } }],
    stop: ["END"],
    x_new: { prompt: "of tomorrow" },
  });
  assert.deepEqual(read, [
    ...["be kind", "hello", "https://x/y z.png", 'json {"q":1}', "found", "looks things up", "END", "of tomorrow"],
  ]);
});

test("of a Messages request: system, blocks, results, documents, and every field a tool is called with", () => {
  const read = readIn({
    system: [{ type: "text", text: "be kind" }],
    messages: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "toolu_1", name: "look", input: { name: "jane", type: "vip", deep: { id: "x" } } },
        ],
      },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "found" }] }],
      },
      {
        role: "user",
        content: [{ type: "document", source: { type: "base64", media_type: "application/pdf", data: encoded } }],
      },
      {
        role: "user",
        content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "a letter" } }],
      },
    ],
  });
  assert.deepEqual(read, ["be kind", "hi", "jane", "vip", "x", "found", "a letter"]);
});

test("what only looks like a name's field is read where it holds no name", () => {
  assert.deepEqual(readIn({ messages: [{ role: "123-45-6789", id: "4242424242424242", name: "jane@example.com" }] }), [
    ...["123-45-6789", "4242424242424242", "jane@example.com"],
  ]);
});

test("of an answer only what lies in the given fields", () => {
  const body = Buffer.from(
    '{"id":"x y","model":"m n","choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}',
  );
  const after = rewriteAnswerTexts(body, ["choices"], (text) => text.toUpperCase());
  assert.equal(after.toString(), body.toString().replace("hello", "HELLO"));
});
