import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { scanChunk } from "./scan-chunk.ts";

const scan = (value: unknown): ReturnType<typeof scanChunk> =>
  scanChunk(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
const delta = (fields: unknown, finish_reason: string | null = null): unknown => ({
  id: "x",
  choices: [{ index: 0, delta: fields, finish_reason }],
});

test("text in a delta is evidence: at least one token, else a quarter of its bytes", () => {
  assert.equal(scan(delta({ content: "a" })).evidencedTokens, 1);
  assert.equal(scan(delta({ content: "x".repeat(17) })).evidencedTokens, 5);
  assert.equal(scan(delta({ content: "日本" })).textBytes, 6);
  assert.equal(scan(delta({ content: 'say "hi"\n' })).textBytes, 9);
  assert.equal(scan(delta({ reasoning_content: "hm" })).evidencedTokens, 1);
  assert.equal(scan(delta({ refusal: "no" })).evidencedTokens, 1);
});

test("tool calls count by name and arguments, not by their ids", () => {
  const call = { index: 0, id: "call_abcdefgh", type: "function", function: { name: "find", arguments: '{"a":1}' } };
  assert.equal(scan(delta({ tool_calls: [call] })).textBytes, 4 + 7);
});

test("every choice of an event counts", () => {
  const choice = { delta: { content: "abcd" } };
  assert.equal(scan({ choices: [choice, choice, choice] }).evidencedTokens, 3);
});

test("a role alone, or an empty text, is no content", () => {
  for (const fields of [{ role: "assistant", content: "" }, { role: "assistant", content: null }, {}]) {
    assert.equal(scan(delta(fields)).textBytes, 0);
    assert.equal(scan(delta(fields)).evidencedTokens, 0);
  }
});

test("finish, usage and error are found; null is none", () => {
  assert.equal(scan(delta({}, "stop")).finishReason, "stop");
  const end = scan({ choices: [], usage: { prompt_tokens: 1 } });
  assert.deepEqual([end.hasChoices, end.hasUsage, end.hasError], [false, true, false]);
  assert.equal(scan({ choices: [{ delta: {} }], usage: null, error: null }).hasUsage, false);
  assert.equal(scan({ usage: null, error: null }).hasError, false);
  assert.equal(scan({ error: { message: "x" } }).hasError, true);
  assert.equal(scan({ error: "x" }).hasError, true);
});

test("whatever is a JSON object is well formed; cut anywhere it is not", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.nat(), (object, cutAt) => {
      const text = JSON.stringify(object);
      assert.equal(scan(text).isWellFormed, true);
      const bytes = Buffer.from(text);
      assert.equal(scanChunk(bytes.subarray(0, cutAt % bytes.length)).isWellFormed, false);
    }),
  );
});

test("what is no JSON object is broken, never an exception", () => {
  for (const text of ["", "null", "[1]", "{", '{"a"', '{"a":}', "{}x", `{"a":${"[".repeat(5_000)}`]) {
    assert.equal(scan(text).isWellFormed, false, text.slice(0, 20));
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void scanChunk(bytes)));
});

test("the text of a legacy completion stands in its choice, and usage may stand in x_groq", () => {
  const found = scan(
    '{"choices":[{"text":"w\\u00f6rld","index":0,"logprobs":null,"finish_reason":"stop"}],"x_groq":{}}',
  );
  assert.ok(found.textBytes >= 5);
  assert.deepEqual([found.evidencedTokens, found.finishReason, found.hasUsage], [2, "stop", true]);
});
