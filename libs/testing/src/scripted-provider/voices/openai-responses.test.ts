// The voice is proved against OpenAI's own SDK, so that what is tested with it is not fiction.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import OpenAI from "openai";
import { startScriptedProvider } from "../server.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const client = new OpenAI({ baseURL: provider.url, apiKey: "k", maxRetries: 0 });
const asked = { model: "scripted-1", input: "hi" };
const toolCalls = [
  { name: "f", arguments: '{"a":1}' },
  { name: "g", arguments: '{"b":[2]}' },
];

test("the SDK reads a plain response, with what was cached and what was thought", async () => {
  const figures = { inputTokens: 9, cachedInputTokens: 4, cacheWriteTokens: 2, outputTokens: 7, reasoningTokens: 5 };
  provider.setDefault({ text: "hello wörld", ...figures });
  const response = await client.responses.create(asked);
  assert.deepEqual([response.status, response.output_text], ["completed", "hello wörld"]);
  assert.deepEqual(
    response.output.map(({ type }) => type),
    ["reasoning", "message"],
  );
  const { usage } = response;
  assert.deepEqual(
    [usage?.input_tokens, usage?.input_tokens_details.cached_tokens, usage?.output_tokens, usage?.total_tokens],
    [9, 4, 7, 16],
  );
  assert.equal(usage?.input_tokens_details.cache_write_tokens, 2);
  assert.equal(usage?.output_tokens_details.reasoning_tokens, 5);
});

test("the SDK reads a stream with thoughts, text and two tools, numbered one by one", async () => {
  provider.setDefault({ text: "let me see", chunks: 3, toolCalls, reasoningTokens: 2, bytesPerWrite: 7 });
  const stream = client.responses.stream(asked);
  const numbers: number[] = [];
  let text = "";
  for await (const event of stream) {
    numbers.push(event.sequence_number);
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
  );
  const response = await stream.finalResponse();
  assert.deepEqual([text, response.output_text, response.status], ["let me see", "let me see", "completed"]);
  assert.deepEqual(
    response.output.map((item) => (item.type === "function_call" ? [item.name, item.arguments] : item.type)),
    ["reasoning", "message", ["f", '{"a":1}'], ["g", '{"b":[2]}']],
  );
});

test("the SDK reads what was thought: summed up and sealed, plain and streamed", async () => {
  const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
  provider.setDefault({ text: "so", chunks: 2, reasoning });
  let summary = "";
  const stream = client.responses.stream(asked);
  for await (const event of stream) if (event.type === "response.reasoning_summary_text.delta") summary += event.delta;
  assert.equal(summary, reasoning.text);
  for (const { output, output_text } of [await client.responses.create(asked), await stream.finalResponse()]) {
    const [thought] = output;
    assert.deepEqual(thought?.type === "reasoning" && [thought.summary, thought.encrypted_content], [
      [{ type: "summary_text", text: reasoning.text }],
      reasoning.signature,
    ]);
    assert.equal(output_text, "so");
  }
});

test("an answer that was cut says why, plain and streamed", async () => {
  provider.setDefault({ outputTokens: "max" });
  const limited = { ...asked, max_output_tokens: 20 };
  for (const response of [
    await client.responses.create(limited),
    await client.responses.stream(limited).finalResponse(),
  ]) {
    assert.deepEqual([response.status, response.incomplete_details], ["incomplete", { reason: "max_output_tokens" }]);
    assert.equal(response.usage?.output_tokens, 20);
  }
});

test("the SDK raises an error of the provider, by status and inside a stream", async () => {
  provider.setDefault({ fault: { kind: "status", status: 429 } });
  await assert.rejects(client.responses.create(asked), OpenAI.RateLimitError);
  provider.setDefault({ chunks: 4, fault: { kind: "error_event_after", chunk: 2, message: "it broke" } });
  await assert.rejects(client.responses.stream(asked).finalResponse(), /it broke/);
});
