import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConverseRequest } from "@aws-sdk/client-bedrock-runtime";
import { type Conversation, openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { writeConverse } from "./write.ts";

/** What Converse takes, in the SDK's own types; `bytes` are base64 on the wire. */
type Sent = Omit<ConverseRequest, "modelId">;

const said = { role: "user", content: "hi" };
const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

function write(body: object, model = CLAUDE, change: (conversation: Conversation) => void = () => {}) {
  const conversation = openAiChat.translation?.readConversation({ messages: [said], ...body }) ?? assert.fail();
  change(conversation);
  const target = { provider: "p", model: "m", upstreamModel: model };
  const written = writeConverse(conversation, Waybill.fromPartial({ target, choiceCount: 1 }));
  return { sent: JSON.parse(JSON.stringify(written.body)) as Sent, dropped: written.dropped };
}

test("every field of sampling has its place, or is named as dropped", () => {
  const { sent, dropped } = write({
    ...{ temperature: 0.5, top_p: 0.9, top_k: 40, stop: ["END"], max_tokens: 9 },
    ...{ seed: 7, presence_penalty: 0.1, frequency_penalty: 0.2, logprobs: true },
  });
  assert.deepEqual(sent, {
    messages: [{ role: "user", content: [{ text: "hi" }] }],
    inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 0.9, stopSequences: ["END"] },
    additionalModelRequestFields: { top_k: 40 },
    additionalModelResponseFieldPaths: ["/stop_sequence"],
  } satisfies Sent);
  assert.deepEqual(dropped, ["seed", "presence_penalty", "frequency_penalty", "logprobs"]);
  assert.deepEqual(write({ top_k: 40 }, "amazon.nova-lite-v1:0").dropped, ["top_k"]);
});

test("the hold's limit is the limit; more than one choice there is not", () => {
  const conversation = openAiChat.translation?.readConversation({ messages: [said], max_tokens: 9 }) ?? assert.fail();
  const { body } = writeConverse(conversation, Waybill.fromPartial({ maxOutputTokens: 5n, choiceCount: 1 }));
  assert.equal((body as Sent).inferenceConfig?.maxTokens, 5);
  assert.throws(() => write({ n: 2 }), { code: "invalid_value", param: "n" });
});

test("what the system says, wherever, is the system's; messages alternate and none is empty", () => {
  const { sent } = write({
    messages: [
      { role: "system", content: "Be kind." },
      said,
      { role: "assistant", content: " " },
      { role: "user", content: "And you?" },
      { role: "system", content: "Be brief." },
      { role: "assistant", content: "Fine." },
    ],
  });
  assert.deepEqual(sent.system, [{ text: "Be kind." }, { text: "Be brief." }]);
  assert.deepEqual(sent.messages, [
    { role: "user", content: [{ text: "hi" }, { text: "And you?" }] },
    { role: "assistant", content: [{ text: "Fine." }] },
  ]);
});

test("pictures, sound and documents stand in the request; by address there are none", () => {
  const content = [
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
    { type: "file", file: { file_data: "data:application/pdf;base64,CCCC", filename: "my_file.v2.pdf" } },
  ];
  assert.deepEqual(write({ messages: [{ role: "user", content }] }).sent.messages?.[0]?.content, [
    { image: { format: "png", source: { bytes: "AAAA" } } },
    { audio: { format: "mp3", source: { bytes: "BBBB" } } },
    { document: { name: "my file v2 pdf 3", format: "pdf", source: { bytes: "CCCC" } } },
    { text: "See the document." },
  ]);
  for (const url of ["https://x.example/a.png", "data:image/tiff;base64,AAAA"]) {
    const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
    assert.throws(() => write({ messages }), { code: "invalid_value", param: "messages" });
  }
});

const parameters = { type: "object", properties: { city: { type: "string" } } };
const tools = [
  { type: "function", function: { name: "look_up", description: "Looks up.", parameters, strict: true } },
  { type: "function", function: { name: "add" } },
];
const call = (id: string, name: string, json: string) => ({
  id,
  type: "function",
  function: { name, arguments: json },
});
const called = {
  role: "assistant",
  content: "Wait.",
  tool_calls: [call("c1", "look_up", '{"city":"Köln"}'), call("c2", "add", "{}")],
};
const results = [
  { role: "tool", tool_call_id: "c1", content: "7" },
  { role: "tool", tool_call_id: "c2", content: "" },
];

test("tools, every choice of them, parallel calls and their results", () => {
  const { sent, dropped } = write({ messages: [said, called, ...results], tools, parallel_tool_calls: false });
  assert.deepEqual(sent.toolConfig, {
    tools: [
      { toolSpec: { name: "look_up", description: "Looks up.", strict: true, inputSchema: { json: parameters } } },
      { toolSpec: { name: "add", inputSchema: { json: { type: "object", properties: {} } } } },
    ],
  } satisfies Sent["toolConfig"]);
  assert.deepEqual(sent.messages?.slice(1), [
    {
      role: "assistant",
      content: [
        { text: "Wait." },
        { toolUse: { toolUseId: "c1", name: "look_up", input: { city: "Köln" } } },
        { toolUse: { toolUseId: "c2", name: "add", input: {} } },
      ],
    },
    {
      role: "user",
      content: [
        { toolResult: { toolUseId: "c1", content: [{ text: "7" }] } },
        { toolResult: { toolUseId: "c2", content: [{ text: "(nothing)" }] } },
      ],
    },
  ] satisfies Sent["messages"]);
  assert.deepEqual(dropped, ["parallel_tool_calls"]);
  const choiceOf = (tool_choice: unknown) => write({ tools, tool_choice }).sent.toolConfig?.toolChoice;
  assert.deepEqual(["auto", "required"].map(choiceOf), [{ auto: {} }, { any: {} }]);
  assert.deepEqual(choiceOf({ type: "function", function: { name: "add" } }), { tool: { name: "add" } });
});

test("no tools may be used: they are left out, but where calls of them stand in the conversation", () => {
  assert.equal(write({ tools, tool_choice: "none" }).sent.toolConfig, undefined);
  const kept = write({ messages: [said, called, ...results], tools, tool_choice: "none" });
  assert.deepEqual([kept.sent.toolConfig?.tools?.length, kept.dropped], [2, ["tool_choice"]]);
  const forgotten = write({ messages: [said, called, ...results] }).sent.toolConfig?.tools;
  assert.deepEqual(
    forgotten?.map((tool) => tool.toolSpec?.name),
    ["look_up", "add"],
  );
});

test("what shall be cached is marked behind it, for as long as is asked", () => {
  const cached = (text: string, ttl?: string) => [{ type: "text", text, cache_control: { type: "ephemeral", ttl } }];
  const { sent } = write({
    messages: [
      { role: "system", content: cached("Long.", "1h") },
      { role: "user", content: cached("hi") },
    ],
    tools: [{ ...tools[1], cache_control: { type: "ephemeral" } }],
  });
  assert.deepEqual(sent.system?.[1], { cachePoint: { type: "default", ttl: "1h" } });
  assert.deepEqual(sent.messages?.[0]?.content?.[1], { cachePoint: { type: "default" } });
  assert.deepEqual(sent.toolConfig?.tools?.[1], { cachePoint: { type: "default" } });
});

test("a schema has its place, JSON without one has none", () => {
  const schema = { type: "object", properties: { a: { type: "integer" } } };
  const { sent } = write({ response_format: { type: "json_schema", json_schema: { name: "s", schema } } });
  assert.deepEqual(sent.outputConfig, {
    textFormat: { type: "json_schema", structure: { jsonSchema: { schema: JSON.stringify(schema), name: "s" } } },
  } satisfies Sent["outputConfig"]);
  assert.deepEqual(write({ response_format: { type: "json_object" } }).dropped, ["response_format"]);
});

test("an effort is said in the words of the model's maker", () => {
  assert.deepEqual(write({ reasoning_effort: "minimal" }).sent.outputConfig, { effort: "low" });
  assert.equal(write({ reasoning_effort: "none" }).sent.outputConfig, undefined);
  const budget = write({}, CLAUDE, (conversation) => {
    conversation.reasoning = { effort: undefined, budgetTokens: 2_048 };
  });
  assert.deepEqual(budget.sent.additionalModelRequestFields, { thinking: { type: "enabled", budget_tokens: 2_048 } });
  const openai = write({ reasoning_effort: "high" }, "openai.gpt-oss-120b-1:0").sent;
  assert.deepEqual(openai.additionalModelRequestFields, { reasoning_effort: "high" });
  assert.deepEqual(write({ reasoning_effort: "high" }, "amazon.nova-lite-v1:0").dropped, ["reasoning_effort"]);
});

test("thoughts go back with their signature, sealed ones as they are, and another maker's not at all", () => {
  const thought = (text: string, signature: string, sealed = "") =>
    ({ kind: "reasoning", text, signature, sealed }) as const;
  const { sent } = write({ messages: [said, called, ...results] }, CLAUDE, ({ turns }) => {
    const turn = turns[1];
    if (turn?.role !== "assistant") assert.fail();
    turn.parts = [
      thought("Hm.", "c2ln"),
      thought("", "", "c2VhbGVk"),
      thought("x", "gemini.c2ln"),
      thought("y", ""),
      ...turn.parts,
    ];
  });
  assert.deepEqual(sent.messages?.[1]?.content?.slice(0, 3), [
    { reasoningContent: { reasoningText: { text: "Hm.", signature: "c2ln" } } },
    { reasoningContent: { redactedContent: "c2VhbGVk" } },
    { text: "Wait." },
  ]);
});
