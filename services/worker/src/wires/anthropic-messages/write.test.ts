import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { writeMessages } from "./write.ts";

interface Body {
  [name: string]: unknown;
  system?: { text: string }[];
  messages: { role: string; content: Record<string, unknown>[] }[];
}

function write(fields: object, changes: Partial<Waybill> = {}) {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }], ...fields };
  const conversation = openAiChat.translation?.readConversation(body) ?? assert.fail();
  const waybill = Waybill.fromPartial({
    target: { provider: "p", model: "m", upstreamModel: "claude-opus-4-6" },
    ...changes,
  });
  const { body: written, dropped } = writeMessages(conversation, waybill);
  return { body: JSON.parse(JSON.stringify(written)) as Body, dropped };
}

test("roles, tools and results of a chat are blocks of Messages", () => {
  const { body } = write({
    messages: [
      { role: "system", content: "be kind" },
      {
        role: "user",
        content: [
          { type: "text", text: "see" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
        ],
      },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "call.1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "call.1", content: "42" },
      { role: "developer", content: "be brief" },
      { role: "user", content: "go on" },
    ],
  });
  assert.deepEqual(
    body.system?.map(({ text }) => text),
    ["be kind", "be brief"],
  );
  assert.deepEqual(body.messages, [
    {
      role: "user",
      content: [
        { type: "text", text: "see" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
      ],
    },
    // An id of another provider keeps its pair; an empty text is none.
    { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "f", input: { a: 1 } }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "call_1", content: [{ type: "text", text: "42" }] },
        { type: "text", text: "go on" },
      ],
    },
  ]);
});

test("a limit is always said: the hold's, else the client's, else one that every model can do", () => {
  assert.equal(write({}).body.max_tokens, 8_192);
  assert.equal(write({ max_completion_tokens: 50 }).body.max_tokens, 50);
  assert.equal(write({ max_tokens: 50 }, { maxOutputTokens: 20n }).body.max_tokens, 20);
});

test("settings have their names and their bounds here, and what has none is said", () => {
  const { body, dropped } = write({
    ...{
      temperature: 1.6,
      top_p: 0.4,
      stop: ["END"],
      seed: 3,
      presence_penalty: 1,
      frequency_penalty: 0,
      logprobs: true,
      user: "u",
    },
    tools: [{ type: "function", function: { name: "f", strict: true, parameters: { properties: {} } } }],
    ...{ tool_choice: "required", parallel_tool_calls: false },
    response_format: { type: "json_schema", json_schema: { name: "s", schema: { type: "object" } } },
  });
  assert.deepEqual(
    [body.temperature, body.top_p, body.stop_sequences, body.metadata],
    [1, undefined, ["END"], { user_id: "u" }],
  );
  assert.deepEqual(body.tools, [{ name: "f", input_schema: { type: "object", properties: {} }, strict: true }]);
  assert.deepEqual(body.tool_choice, { type: "any", disable_parallel_tool_use: true });
  assert.deepEqual(body.output_config, { format: { type: "json_schema", schema: { type: "object" } } });
  assert.deepEqual(dropped.sort(), ["logprobs", "presence_penalty", "seed", "temperature", "top_p"]);
});

test("JSON of any form is asked for in words", () => {
  const { body } = write({ response_format: { type: "json_object" } });
  assert.match(body.system?.at(-1)?.text ?? "", /one JSON object/);
});

test("effort is effort where the model knows it, and a budget within the limit where it does not", () => {
  assert.deepEqual(write({ reasoning_effort: "minimal" }).body.output_config, { effort: "low" });
  const older = { target: { provider: "p", model: "m", upstreamModel: "claude-sonnet-4-20250514", simulated: false } };
  const { body, dropped } = write({ reasoning_effort: "high", max_tokens: 4_000, temperature: 0 }, older);
  assert.deepEqual(body.thinking, { type: "enabled", budget_tokens: 3_999 });
  assert.deepEqual([body.temperature, dropped], [undefined, ["temperature"]]);
  assert.equal(write({ reasoning_effort: "high", max_tokens: 500 }, older).body.thinking, undefined);
  assert.deepEqual(write({ reasoning_effort: "none" }).body.thinking, { type: "disabled" });
});

test("what a Messages request has no place for is refused by name", () => {
  assert.throws(() => write({ n: 2 }), { param: "n" });
  const audio = { type: "input_audio", input_audio: { data: "AA", format: "wav" } };
  assert.throws(() => write({ messages: [{ role: "user", content: [audio] }] }), { param: "messages" });
});
