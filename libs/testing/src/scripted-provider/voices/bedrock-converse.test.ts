// AWS's own SDK takes this voice for the real thing: what the fixtures of the worker are made of is no fiction.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  ModelStreamErrorException,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Script } from "../script.ts";
import { startScriptedProvider } from "../server.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const client = new BedrockRuntimeClient({
  region: "eu-central-1",
  endpoint: `http://127.0.0.1:${provider.port}`,
  credentials: { accessKeyId: "AKIDEXAMPLEAKIDEXAMPLE", secretAccessKey: "secret" },
  maxAttempts: 1,
  // Its own choice is HTTP/2, which Bedrock has and this server has not.
  requestHandler: new NodeHttpHandler(),
});
after(() => client.destroy());
const modelId = "scripted-bedrock:0";
const asked = { modelId, messages: [{ role: "user" as const, content: [{ text: "hello" }] }] };

async function streamed(script: Script): Promise<ConverseStreamOutput[]> {
  provider.setForModel(modelId, script);
  const { stream = assert.fail() } = await client.send(new ConverseStreamCommand(asked));
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("a plain answer: text, reason and figures", async () => {
  const figures = {
    inputTokens: 100,
    cachedInputTokens: 40,
    cacheWriteTokens: 20,
    cacheWrite1hTokens: 10,
    outputTokens: 20,
  };
  provider.setForModel(modelId, { text: "日本 ok", ...figures });
  const answer = await client.send(new ConverseCommand({ ...asked, inferenceConfig: { maxTokens: 50 } }));
  assert.deepEqual(answer.output?.message?.content, [{ text: "日本 ok" }]);
  assert.equal(answer.stopReason, "end_turn");
  const { inputTokens, cacheReadInputTokens, cacheWriteInputTokens, outputTokens } = answer.usage ?? {};
  assert.deepEqual([inputTokens, cacheReadInputTokens, cacheWriteInputTokens, outputTokens], [30, 40, 30, 20]);
  assert.deepEqual(answer.usage?.cacheDetails, [
    { ttl: "5m", inputTokens: 20 },
    { ttl: "1h", inputTokens: 10 },
  ]);
  const entry = provider.log.entries().at(-1);
  assert.equal(entry?.path, "/model/scripted-bedrock%3A0/converse");
  assert.equal(entry?.maxTokens, 50);
});

test("a stream: events in their order, wherever the bytes are cut", async () => {
  const events = await streamed({ text: "eins zwei 日本", chunks: 3, outputTokens: 9, bytesPerWrite: 7 });
  assert.deepEqual(
    events.flatMap((event) => Object.keys(event)),
    [
      "messageStart",
      ...["contentBlockDelta", "contentBlockDelta", "contentBlockDelta"],
      "contentBlockStop",
      "messageStop",
      "metadata",
    ],
  );
  assert.equal(events.map(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? "").join(""), "eins zwei 日本");
  assert.equal(events.at(-2)?.messageStop?.stopReason, "end_turn");
  assert.equal(events.at(-1)?.metadata?.usage?.outputTokens, 9);
  assert.equal(provider.log.entries().at(-1)?.path, "/model/scripted-bedrock%3A0/converse-stream");
});

test("calls of tools: whole in a plain answer, in pieces of JSON in a stream", async () => {
  const script: Script = {
    chunks: 1,
    toolCalls: [
      { name: "look_up", arguments: '{"city":"Köln"}' },
      { name: "add", arguments: '{"a":1}' },
    ],
  };
  provider.setForModel(modelId, script);
  const plain = await client.send(new ConverseCommand(asked));
  assert.equal(plain.stopReason, "tool_use");
  assert.deepEqual(plain.output?.message?.content?.slice(1), [
    { toolUse: { toolUseId: "tooluse_scripted_0", name: "look_up", input: { city: "Köln" } } },
    { toolUse: { toolUseId: "tooluse_scripted_1", name: "add", input: { a: 1 } } },
  ]);
  const events = await streamed(script);
  const names = events.flatMap(({ contentBlockStart }) => contentBlockStart?.start?.toolUse?.name ?? []);
  const inputOf = (block: number) =>
    events
      .filter(({ contentBlockDelta }) => contentBlockDelta?.contentBlockIndex === block)
      .map(({ contentBlockDelta }) => contentBlockDelta?.delta?.toolUse?.input ?? "")
      .join("");
  assert.deepEqual([names, inputOf(1), inputOf(2)], [["look_up", "add"], '{"city":"Köln"}', '{"a":1}']);
});

test("thoughts with their signature, before text and calls, plain and streamed", async () => {
  const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
  const script: Script = { text: "so", chunks: 2, reasoning, toolCalls: [{ name: "f", arguments: "{}" }] };
  const events = await streamed(script);
  const deltas = events.flatMap(({ contentBlockDelta }) => (contentBlockDelta ? [contentBlockDelta] : []));
  const thought = deltas.flatMap(({ delta }) => (delta?.reasoningContent ? [delta.reasoningContent] : []));
  assert.deepEqual(
    [thought.map(({ text }) => text ?? "").join(""), thought.map(({ signature }) => signature ?? "").join("")],
    [reasoning.text, reasoning.signature],
  );
  assert.deepEqual([...new Set(deltas.map(({ contentBlockIndex }) => contentBlockIndex))], [0, 1, 2]);
  const plain = await client.send(new ConverseCommand(asked));
  assert.deepEqual(plain.output?.message?.content?.slice(0, 2), [
    { reasoningContent: { reasoningText: reasoning } },
    { text: "so" },
  ]);
});

test("errors: by status and header, and as an exception inside a stream", async () => {
  provider.setForModel(modelId, { fault: { kind: "status", status: 429 } });
  await assert.rejects(client.send(new ConverseCommand(asked)), ThrottlingException);
  provider.setForModel(modelId, { fault: { kind: "status", status: 400 } });
  await assert.rejects(client.send(new ConverseCommand(asked)), ValidationException);
  await assert.rejects(
    streamed({ chunks: 3, fault: { kind: "error_event_after", chunk: 1 } }),
    ModelStreamErrorException,
  );
});

test("a broken message is seen by the SDK, too", async () => {
  await assert.rejects(streamed({ chunks: 3, fault: { kind: "malformed_json", chunk: 1 } }), /checksum/i);
});
