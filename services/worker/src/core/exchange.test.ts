import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { anthropicMessagesWire } from "../wires/anthropic-messages/index.ts";
import { openAiChatWire } from "../wires/openai-chat/index.ts";
import type { Wire } from "../wires/wire.ts";
import { exchangeOf, type Line } from "./exchange.ts";

/** The chat format as one that no surface speaks, so that everything goes by the internal form. */
const foreign: Wire = { ...openAiChatWire, surface: undefined, pass: undefined };
const line = (wire: Wire): Line => ({ wire, path: () => "/chat/completions" });

const asked = {
  model: "dynamic/x",
  messages: [
    { role: "system", content: "Be kind." },
    {
      role: "user",
      content: [
        { type: "text", text: "See:" },
        { type: "image_url", image_url: { url: "https://x/a.png" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
    },
    { role: "tool", tool_call_id: "c1", content: "42" },
  ],
  tools: [
    { type: "function", function: { name: "f", description: "d", parameters: { type: "object" }, strict: true } },
  ],
  tool_choice: { type: "function", function: { name: "f" } },
  response_format: { type: "json_schema", json_schema: { name: "s", schema: { type: "object" } } },
  temperature: 0.5,
  stop: "END",
  max_tokens: 9,
  logit_bias: { 5: 1 },
};

function waybillOf(body: Buffer): Waybill {
  const read = openAiChat.readRequest(body);
  return Waybill.fromPartial({
    attemptId: "r.1",
    surface: read.surface,
    target: { provider: "p", model: "m", upstreamModel: "up-1" },
    spans: [...read.fields.values()],
    insertAt: read.insertAt,
    choiceCount: 1,
  });
}

test("by the internal form and back a chat request says the same, and what has no place is named", () => {
  const body = Buffer.from(JSON.stringify(asked));
  const exchange = exchangeOf([line(foreign)], "openai-chat") ?? assert.fail();
  const request = exchange.request(waybillOf(body), body);
  const { logit_bias: _, stop, ...rest } = asked;
  assert.deepEqual(JSON.parse(Buffer.from(request.body).toString()), { ...rest, model: "up-1", stop: [stop] });
  assert.deepEqual(request.droppedFields, ["logit_bias"]);
});

test("an answer comes back by the internal form with all it said", () => {
  const exchange = exchangeOf([line(foreign)], "openai-chat") ?? assert.fail();
  const answer = {
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 7, model: "up-1" },
    choices: [
      {
        index: 0,
        message: {
          ...{ role: "assistant", content: null, refusal: null },
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
        },
        logprobs: null,
        finish_reason: "tool_calls",
      },
    ],
    usage: {
      ...{ prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 1 },
    },
  };
  const read = exchange.readAnswer(
    Buffer.from(JSON.stringify(answer)),
    waybillOf(Buffer.from(JSON.stringify(asked))),
    7_000,
  );
  assert.ok(!("failure" in read));
  assert.deepEqual(JSON.parse(Buffer.from(read.bytes).toString()), answer);
  assert.deepEqual([read.usage?.input, read.usage?.output, read.finishReason], [5n, 3n, "tool_calls"]);
});

test("bytes pass where a line speaks the surface itself, whichever line comes first", () => {
  const body = Buffer.from('{"x_new":1, "model":"a","messages":[{"role":"user","content":"x"}]}');
  const exchange = exchangeOf([line(foreign), line(openAiChatWire)], "openai-chat") ?? assert.fail();
  const sent = Buffer.from(exchange.request(waybillOf(body), body).body).toString();
  assert.equal(sent, body.toString().replace('"a"', '"up-1"'));
});

test("a surface that no line can carry has no exchange", () => {
  const embeddings: Wire = { ...openAiChatWire, surface: "openai-embeddings", translation: undefined };
  assert.equal(exchangeOf([line(embeddings)], "openai-chat"), undefined);
  assert.equal(exchangeOf([line(openAiChatWire)], "morse"), undefined);
});

test("thoughts that come to a client of Responses go back to their maker as they were, signed and sealed", () => {
  const exchange = exchangeOf([line(anthropicMessagesWire)], "openai-responses") ?? assert.fail();
  const target = { provider: "p", model: "m", upstreamModel: "claude-opus-4-6", simulated: false };
  const asked = (input: unknown[]): Record<string, unknown> => {
    const bytes = Buffer.from(JSON.stringify({ model: "m", input }));
    const waybill = Waybill.fromPartial({ target, surface: "openai-responses" });
    return JSON.parse(Buffer.from(exchange.request(waybill, bytes).body).toString());
  };
  const thinking = [
    { type: "thinking", thinking: "Hm. Well.", signature: "sig" },
    { type: "redacted_thinking", data: "box" },
  ];
  const call = { type: "tool_use", id: "t1", name: "f", input: { a: 1 } };
  const said = { ...{ id: "msg_1", type: "message", role: "assistant", model: "up" }, stop_reason: "tool_use" };
  const usage = { input_tokens: 1, output_tokens: 2 };
  const message = Buffer.from(JSON.stringify({ ...said, content: [...thinking, call], usage }));
  const answer = exchange.readAnswer(message, Waybill.fromPartial({ target }), 0);
  assert.ok("bytes" in answer);
  const { output } = JSON.parse(Buffer.from(answer.bytes).toString());
  const user = { role: "user", content: "hi" };
  const { messages } = asked([user, ...output, { type: "function_call_output", call_id: "t1", output: "42" }]) as {
    messages: { role: string; content: unknown[] }[];
  };
  assert.deepEqual(messages[1], { role: "assistant", content: [...thinking, call] });
});

test("a plain answer that did not finish is none in another dialect either, and what was made is told", () => {
  const exchange = exchangeOf([line(foreign)], "openai-chat") ?? assert.fail();
  for (const [finish_reason, said] of [
    ["insufficient_system_resource", "insufficient_system_resource"],
    [null, undefined],
  ]) {
    const choices = [{ index: 0, message: { role: "assistant", content: "12345678" }, finish_reason }];
    const read = exchange.readAnswer(Buffer.from(JSON.stringify({ choices })), Waybill.fromPartial({}), 0);
    assert.ok("failure" in read);
    assert.deepEqual(
      [read.failure.code, read.usage, read.evidencedTokens, read.finishReason],
      ["upstream_truncated", undefined, 2, said],
    );
  }
});
