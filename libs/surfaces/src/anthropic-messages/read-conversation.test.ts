import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readMessagesConversation } from "./read-conversation.ts";

const read = (fields: object) => readMessagesConversation({ messages: [{ role: "user", content: "hi" }], ...fields });
const turns = (...messages: object[]) => read({ messages }).turns;

test("every block that other dialects know has its part", () => {
  const cache_control = { type: "ephemeral", ttl: "1h" };
  const [asked, answered, shown] = turns(
    {
      role: "user",
      content: [
        { type: "text", text: "see", cache_control },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
        { type: "document", title: "d", source: { type: "url", url: "https://x/d.pdf" } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "redacted_thinking", data: "sealed" },
        { type: "text", text: "well" },
        { type: "tool_use", id: "t1", name: "f", input: { a: 1 } },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "42", is_error: true }] },
  );
  const none = { cache: undefined };
  assert.deepEqual(asked?.parts, [
    { kind: "text", text: "see", cache: "1h" },
    { kind: "image", source: { kind: "inline", mediaType: "image/png", base64: "AA" }, name: "", ...none },
    { kind: "document", source: { kind: "url", url: "https://x/d.pdf" }, name: "d", ...none },
  ]);
  assert.deepEqual(answered?.parts, [
    { kind: "reasoning", text: "hm", signature: "s", sealed: "" },
    { kind: "reasoning", text: "", signature: "", sealed: "sealed" },
    { kind: "text", text: "well", ...none },
    { kind: "tool_call", id: "t1", name: "f", argumentsJson: '{"a":1}', ...none },
  ]);
  const parts = [{ kind: "text", text: "42", ...none }];
  assert.deepEqual(shown?.parts, [{ kind: "tool_result", callId: "t1", parts, isError: true, ...none }]);
});

test("settings are read, and what has no place is named", () => {
  const asked = read({
    ...{ system: "be kind", temperature: 0.5, top_k: 3, stop_sequences: ["END"], max_tokens: 7 },
    tools: [{ name: "f", description: "d", input_schema: { type: "object" }, strict: true }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    thinking: { type: "enabled", budget_tokens: 2_000 },
    output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
    metadata: { user_id: "u" },
    ...{ service_tier: "auto", context_management: {} },
  });
  assert.deepEqual(asked.system, [{ kind: "text", text: "be kind", cache: undefined }]);
  assert.deepEqual([asked.sampling.temperature, asked.sampling.topK, asked.sampling.stop], [0.5, 3, ["END"]]);
  assert.deepEqual([asked.toolChoice, asked.parallelToolCalls], [{ kind: "required" }, false]);
  assert.deepEqual(asked.reasoning, { effort: "high", budgetTokens: 2_000 });
  assert.deepEqual([asked.format?.kind, asked.endUserId, asked.maxOutputTokens], ["json_schema", "u", 7]);
  assert.deepEqual(asked.unplaced, ["service_tier", "context_management"]);
  assert.equal(read({ thinking: { type: "disabled" } }).reasoning?.effort, "none");
});

for (const [param, fields] of [
  ["messages[0].role", { messages: [{ role: "robot", content: "x" }] }],
  ["messages[0].content", { messages: [{ role: "user", content: 7 }] }],
  ["messages[0].content[0]", { messages: [{ role: "user", content: [{ type: "server_tool_use" }] }] }],
  [
    "messages[0].content[0].source",
    { messages: [{ role: "user", content: [{ type: "image", source: { type: "file" } }] }] },
  ],
  ["messages[0].content[0]", { messages: [{ role: "assistant", content: [{ type: "web_search_tool_result" }] }] }],
  ["tools[0]", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
  ["tool_choice", { tool_choice: { type: "some" } }],
  ["stop_sequences", { stop_sequences: "END" }],
] as const) {
  test(`what has no place in another dialect is refused as ${param}`, () => {
    assert.throws(
      () => read(fields),
      (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
    );
  });
}
