import assert from "node:assert/strict";
import { test } from "node:test";
import { readResponsesConversation } from "./read-conversation.ts";
import { toEncryptedContent } from "./sealed-reasoning.ts";

const read = (fields: object) => readResponsesConversation({ model: "m", input: "hi", ...fields });
const none = { cache: undefined };

test("a text is what the user says, instructions are the system's", () => {
  const { system, turns } = read({ instructions: "Be kind." });
  assert.deepEqual(system, [{ kind: "text", text: "Be kind.", ...none }]);
  assert.deepEqual(turns, [{ role: "user", parts: [{ kind: "text", text: "hi", ...none }] }]);
});

test("items of one side are one turn, with every part that other dialects know", () => {
  const signed = toEncryptedContent({ signature: "sig", sealed: "" });
  const sealed = toEncryptedContent({ signature: "", sealed: "box" });
  const { system, turns } = read({
    input: [
      { role: "developer", content: "Be brief." },
      {
        ...{ type: "message", role: "user" },
        content: [
          { type: "input_text", text: "see" },
          { type: "input_image", image_url: "data:image/png;base64,AA" },
          { type: "input_file", filename: "d", file_url: "https://x/d.pdf" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: signed },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: sealed },
      { type: "reasoning", id: "rs_3", summary: [{ type: "summary_text", text: "own" }], encrypted_content: "gAAAA" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        content: [{ type: "output_text", text: "well", annotations: [] }],
      },
      { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' },
      { type: "function_call", call_id: "c2", name: "g", arguments: "" },
      { type: "function_call_output", call_id: "c1", output: "42" },
      { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "43" }] },
      { role: "user", content: "go on" },
      { role: "system", content: "Be quick." },
    ],
  });
  assert.deepEqual(system, [{ kind: "text", text: "Be brief.", ...none }]);
  const [shown, did, results, later, ...rest] = turns;
  assert.deepEqual(rest, []);
  assert.deepEqual(shown?.parts, [
    { kind: "text", text: "see", ...none },
    { kind: "image", source: { kind: "inline", mediaType: "image/png", base64: "AA" }, name: "", ...none },
    { kind: "document", source: { kind: "url", url: "https://x/d.pdf" }, name: "d", ...none },
  ]);
  assert.deepEqual(did, {
    role: "assistant",
    parts: [
      { kind: "reasoning", text: "hm", signature: "sig", sealed: "" },
      { kind: "reasoning", text: "", signature: "", sealed: "box" },
      { kind: "text", text: "well", ...none },
      { kind: "tool_call", id: "c1", name: "f", argumentsJson: '{"a":1}', ...none },
      { kind: "tool_call", id: "c2", name: "g", argumentsJson: "{}", ...none },
    ],
  });
  const result = (callId: string, text: string) => ({
    ...{ kind: "tool_result", callId, parts: [{ kind: "text", text, ...none }], isError: false, ...none },
  });
  assert.deepEqual(results?.parts, [result("c1", "42"), result("c2", "43"), { kind: "text", text: "go on", ...none }]);
  assert.deepEqual(later, { role: "system", parts: [{ kind: "text", text: "Be quick.", ...none }] });
});

test("settings are read, and what has no place is named", () => {
  const asked = read({
    tools: [{ type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: true }],
    ...{ tool_choice: { type: "function", name: "f" }, parallel_tool_calls: false },
    ...{ temperature: 0.5, top_p: 0.9, max_output_tokens: 7, safety_identifier: "s", user: "u" },
    ...{ reasoning: { effort: "high", summary: "auto" }, include: ["message.output_text.logprobs"], top_logprobs: 2 },
    text: { format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true }, verbosity: "low" },
    ...{ truncation: "auto", service_tier: "flex", store: false, prompt_cache_key: "k", background: false },
  });
  assert.deepEqual(asked.tools, [
    { name: "f", description: "d", parameters: { type: "object" }, strict: true, cache: undefined },
  ]);
  assert.deepEqual([asked.toolChoice, asked.parallelToolCalls], [{ kind: "tool", name: "f" }, false]);
  assert.deepEqual([asked.sampling.temperature, asked.sampling.topP, asked.maxOutputTokens], [0.5, 0.9, 7]);
  assert.deepEqual([asked.reasoning?.effort, asked.logprobs, asked.endUserId], ["high", 2, "s"]);
  assert.deepEqual(asked.format, { kind: "json_schema", name: "n", schema: { type: "object" }, strict: true });
  assert.deepEqual(asked.unplaced.sort(), ["service_tier", "text.verbosity", "truncation"]);
  assert.deepEqual(read({ truncation: "disabled" }).unplaced, []);
  assert.deepEqual(read({ text: { format: { type: "json_object" } } }).format, { kind: "json" });
  assert.equal(read({ text: { format: { type: "text" } } }).format, undefined);
});

test("of allowed tools the others are not shown", () => {
  const tools = ["f", "g"].map((name) => ({ type: "function", name }));
  const choice = { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "g" }] };
  const asked = read({ tools, tool_choice: choice });
  assert.deepEqual([asked.tools.map(({ name }) => name), asked.toolChoice], [["g"], { kind: "required" }]);
});

test("what another provider cannot be given is refused by name", () => {
  const input = (item: object) => ({ input: [item] });
  const part = (given: object) => input({ role: "user", content: [given] });
  for (const [fields, param] of [
    [{ tools: [{ type: "web_search" }] }, "tools[0]"],
    [{ tools: [{ type: "custom", name: "c" }] }, "tools[0]"],
    [{ tool_choice: { type: "web_search" } }, "tool_choice"],
    [{ prompt: { id: "pmpt_1" } }, "prompt"],
    [input({ type: "web_search_call", id: "ws_1" }), "input[0].type"],
    [input({ type: "compaction", encrypted_content: "x" }), "input[0].type"],
    [input({ role: "narrator", content: "x" }), "input[0].role"],
    [input({ type: "function_call", name: "f", arguments: "{}" }), "input[0].call_id"],
    [input({ type: "function_call_output", output: "x" }), "input[0].call_id"],
    [part({ type: "input_image", file_id: "file_1" }), "input[0].content[0].image_url"],
    [part({ type: "input_file", file_id: "file_1" }), "input[0].content[0].file_data"],
    [part({ type: "input_video" }), "input[0].content[0]"],
    [{ text: { format: { type: "json_schema", name: "n" } } }, "text.format.schema"],
  ] as const) {
    assert.throws(() => read(fields), { code: "invalid_value", param }, JSON.stringify(fields));
  }
});
