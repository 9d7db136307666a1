import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatEvents, readAnswerEvents } from "./events.ts";

const event = (value: unknown): Buffer =>
  Buffer.from(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);

test("Azure's first chunk, about the prompt alone, does not name the answer", () => {
  const reader = new ChatEvents();
  const first = { choices: [], id: "", model: "", object: "", prompt_filter_results: [{ prompt_index: 0 }] };
  const second = { id: "c1", model: "gpt-4.1", choices: [{ index: 0, delta: { content: "hi" } }] };
  assert.deepEqual(reader.push(event(first)), []);
  assert.deepEqual(reader.push(event(second)), [
    { kind: "begin", id: "c1", model: "gpt-4.1" },
    { kind: "text", choice: 0, text: "hi" },
  ]);
});

test("a finish reason that says the answer broke off is told as that, and usage and the end come behind it", () => {
  const reader = new ChatEvents();
  const last = { choices: [{ index: 0, delta: {}, finish_reason: "insufficient_system_resource" }] };
  const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } };
  const kinds = [last, usage, "[DONE]"].flatMap((each) => reader.push(event(each))).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["begin", "broken", "usage", "end"]);
});

test("a plain answer without a finish reason does not finish", () => {
  const whole = { id: "c", choices: [{ index: 0, message: { content: "a" }, finish_reason: null }] };
  const kinds = readAnswerEvents(Buffer.from(JSON.stringify(whole))).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["begin", "text", "end"]);
});
