import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatEvents } from "./events.ts";

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
