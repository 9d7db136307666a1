import assert from "node:assert/strict";
import { test } from "node:test";
import type { Content, GenerationConfig, Tool, ToolConfig } from "@google/genai";
import { openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { writeContent } from "./write.ts";

/** What v1beta takes, in the SDK's own types. */
interface Sent {
  contents: Content[];
  systemInstruction?: Content;
  tools?: Tool[];
  toolConfig?: ToolConfig;
  generationConfig: GenerationConfig;
}

const said = { role: "user", content: "hi" };

function write(body: object, model = "gemini-2.5-flash", waybill: Partial<Waybill> = {}) {
  const conversation = openAiChat.translation?.readConversation({ messages: [said], ...body }) ?? assert.fail();
  const target = { provider: "p", model: "m", upstreamModel: model };
  const written = writeContent(conversation, Waybill.fromPartial({ target, choiceCount: 1, ...waybill }));
  return { sent: JSON.parse(JSON.stringify(written.body)) as Sent, dropped: written.dropped };
}

test("every field of sampling has its place", () => {
  const { sent, dropped } = write({
    ...{ temperature: 0.5, top_p: 0.9, top_k: 40, stop: ["END"], seed: 7, n: 2, max_tokens: 9 },
    ...{ presence_penalty: 0.1, frequency_penalty: 0.2, logprobs: true, top_logprobs: 3 },
  });
  assert.deepEqual(sent.generationConfig, {
    ...{ candidateCount: 2, maxOutputTokens: 9, temperature: 0.5, topP: 0.9, topK: 40, stopSequences: ["END"] },
    ...{ seed: 7, presencePenalty: 0.1, frequencyPenalty: 0.2, responseLogprobs: true, logprobs: 3 },
  } satisfies GenerationConfig);
  assert.deepEqual(dropped, []);
  assert.deepEqual(sent.contents, [{ role: "user", parts: [{ text: "hi" }] }]);
});

test("the hold's limit is for all candidates together", () => {
  const { sent } = write({ n: 2 }, undefined, { maxOutputTokens: 100n, choiceCount: 2 });
  assert.equal(sent.generationConfig.maxOutputTokens, 50);
});

test("what the system says, wherever, is the instruction; turns of one side are one", () => {
  const { sent } = write({
    messages: [
      { role: "system", content: "Be kind." },
      said,
      { role: "user", content: "And you?" },
      { role: "developer", content: "Be brief." },
      { role: "assistant", content: "Fine." },
    ],
  });
  assert.deepEqual(sent.systemInstruction, { parts: [{ text: "Be kind." }, { text: "Be brief." }] });
  assert.deepEqual(sent.contents, [
    { role: "user", parts: [{ text: "hi" }, { text: "And you?" }] },
    { role: "model", parts: [{ text: "Fine." }] },
  ] satisfies Content[]);
});

test("pictures, sound and files, in the request or by their address", () => {
  const content = [
    { type: "text", text: "See:" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "image_url", image_url: { url: "https://x.example/a.webp?size=1" } },
    { type: "image_url", image_url: { url: "https://x.example/a" } },
    { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
    { type: "file", file: { file_data: "data:application/pdf;base64,CCCC", filename: "a.pdf" } },
  ];
  assert.deepEqual(write({ messages: [{ role: "user", content }] }).sent.contents[0]?.parts, [
    { text: "See:" },
    { inlineData: { mimeType: "image/png", data: "AAAA" } },
    { fileData: { mimeType: "image/webp", fileUri: "https://x.example/a.webp?size=1" } },
    { fileData: { mimeType: "image/jpeg", fileUri: "https://x.example/a" } },
    { inlineData: { mimeType: "audio/mpeg", data: "BBBB" } },
    { inlineData: { mimeType: "application/pdf", data: "CCCC" } },
  ]);
});

const parameters = { type: "object", properties: { city: { type: ["string", "null"] } }, additionalProperties: false };
const tools = [{ type: "function", function: { name: "look_up", description: "Looks up.", parameters, strict: true } }];

test("tools with their JSON Schema as it is, and every choice of them", () => {
  const { sent, dropped } = write({ tools, parallel_tool_calls: false });
  assert.deepEqual(sent.tools, [
    { functionDeclarations: [{ name: "look_up", description: "Looks up.", parametersJsonSchema: parameters }] },
  ] satisfies Tool[]);
  assert.equal(sent.toolConfig, undefined);
  assert.deepEqual(dropped, ["parallel_tool_calls", "strict"]);
  const configOf = (choice: unknown) => write({ tools, tool_choice: choice }).sent.toolConfig?.functionCallingConfig;
  assert.deepEqual(["auto", "none", "required"].map(configOf), [{ mode: "AUTO" }, { mode: "NONE" }, { mode: "ANY" }]);
  assert.deepEqual(configOf({ type: "function", function: { name: "look_up" } }), {
    ...{ mode: "ANY", allowedFunctionNames: ["look_up"] },
  });
});

const call = (id: string, name: string, json: string) => ({
  id,
  type: "function",
  function: { name, arguments: json },
});
const called = {
  role: "assistant",
  content: null,
  tool_calls: [call("c1", "look_up", '{"city":"Köln"}'), call("c2", "add", "{}")],
};
const results = [
  { role: "tool", tool_call_id: "c1", content: '{"degrees":7}' },
  { role: "tool", tool_call_id: "c2", content: "four" },
];

test("parallel calls and their results find each other by id and by name", () => {
  const { sent } = write({ messages: [said, called, ...results], tools });
  assert.deepEqual(sent.contents.slice(1), [
    {
      role: "model",
      parts: [
        { functionCall: { id: "c1", name: "look_up", args: { city: "Köln" } } },
        { functionCall: { id: "c2", name: "add", args: {} } },
      ],
    },
    {
      role: "user",
      parts: [
        { functionResponse: { id: "c1", name: "look_up", response: { degrees: 7 } } },
        { functionResponse: { id: "c2", name: "add", response: { output: "four" } } },
      ],
    },
  ] satisfies Content[]);
});

test("Gemini 3 is told to do without a signature it did not get back, for the first call of the current turn", () => {
  const older = { ...called, tool_calls: [call("c0", "add", "{}")] };
  const messages = [said, older, { role: "tool", tool_call_id: "c0", content: "1" }, said, called, ...results];
  const signaturesOf = (model: string) =>
    write({ messages }, model).sent.contents.flatMap(({ parts = [] }) =>
      parts.flatMap((part) => (part.functionCall ? [part.thoughtSignature] : [])),
    );
  assert.deepEqual(signaturesOf("gemini-3-pro"), [undefined, "skip_thought_signature_validator", undefined]);
  assert.deepEqual(signaturesOf("gemini-2.5-pro"), [undefined, undefined, undefined]);
});

test("a signature goes back on the call it came with, and another maker's does not", () => {
  const conversation = openAiChat.translation?.readConversation({ messages: [said, called, ...results] });
  const turn = conversation?.turns[1];
  assert.ok(conversation && turn?.role === "assistant");
  const partsWith = (signature: string) => {
    const thought = { kind: "reasoning", text: "Hm.", signature, sealed: "" } as const;
    const turns = conversation.turns.map((each) =>
      each === turn ? { ...turn, parts: [thought, ...turn.parts] } : each,
    );
    const target = { provider: "p", model: "m", upstreamModel: "gemini-3-pro" };
    const { body } = writeContent({ ...conversation, turns }, Waybill.fromPartial({ target, choiceCount: 1 }));
    return (body as Sent).contents[1]?.parts?.map((part) => part.thoughtSignature);
  };
  assert.deepEqual(partsWith("gemini.c2ln"), ["c2ln", undefined]);
  assert.deepEqual(partsWith("ErUBanthropic"), ["skip_thought_signature_validator", undefined]);
});

test("JSON, with a schema and without", () => {
  const schema = { type: "object", properties: { a: { type: "integer" } } };
  const response_format = { type: "json_schema", json_schema: { name: "s", schema, strict: true } };
  assert.deepEqual(write({ response_format }).sent.generationConfig, {
    ...{ responseMimeType: "application/json", responseJsonSchema: schema },
  });
  assert.deepEqual(write({ response_format: { type: "json_object" } }).sent.generationConfig, {
    responseMimeType: "application/json",
  });
});

test("an effort is a budget for Gemini 2.5 and a level from Gemini 3 on", () => {
  const thinking = (effort: string, model: string) =>
    write({ reasoning_effort: effort }, model).sent.generationConfig.thinkingConfig;
  assert.deepEqual(thinking("low", "gemini-2.5-flash"), { includeThoughts: true, thinkingBudget: 1_024 });
  assert.deepEqual(thinking("none", "gemini-2.5-flash"), { includeThoughts: false, thinkingBudget: 0 });
  assert.deepEqual(thinking("xhigh", "gemini-3.5-flash"), { includeThoughts: true, thinkingLevel: "HIGH" });
  assert.deepEqual(thinking("minimal", "models/gemini-3-pro"), { includeThoughts: true, thinkingLevel: "MINIMAL" });
});

test("arguments that are no object are the client's mistake, in a sentence", () => {
  const messages = [said, { ...called, tool_calls: [call("c1", "add", "[1]")] }];
  assert.throws(() => write({ messages }), { code: "invalid_value", param: "messages" });
});
