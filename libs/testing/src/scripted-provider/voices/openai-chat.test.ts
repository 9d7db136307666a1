// OpenAI's own SDK, in its form for Azure, takes this voice for the real thing on Azure's two kinds of paths.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import { startScriptedProvider } from "../server.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const endpoint = `http://127.0.0.1:${provider.port}`;
const byDeployment = new AzureOpenAI({ endpoint, apiKey: "a-key", apiVersion: "2024-10-21", maxRetries: 0 });
const byVersionOne = new OpenAI({ baseURL: `${endpoint}/openai/v1`, apiKey: "a-key", maxRetries: 0 });
const asked = { model: "scripted-azure", messages: [{ role: "user" as const, content: "hello" }] };

test("a deployment's own path names the model; /openai/v1 leaves it to the body", async () => {
  provider.setForModel("scripted-azure", { text: "hi there", inputTokens: 10, outputTokens: 4 });
  for (const client of [byDeployment, byVersionOne]) {
    const answer = await client.chat.completions.create(asked);
    assert.equal(answer.choices[0]?.message.content, "hi there");
    assert.equal(answer.usage?.prompt_tokens, 10);
  }
  const [first, second] = provider.log.entries();
  assert.equal(first?.path, "/openai/deployments/scripted-azure/chat/completions?api-version=2024-10-21");
  assert.match(String(first?.headers["api-key"]), /^sha256:/);
  assert.equal(second?.path, "/openai/v1/chat/completions");
});

test("a stream with calls of tools", async () => {
  provider.setForModel("scripted-azure", { chunks: 2, toolCalls: [{ name: "look_up", arguments: '{"city":"Köln"}' }] });
  const stream = byDeployment.chat.completions.stream(asked);
  const { choices } = await stream.finalChatCompletion();
  const [call] = choices[0]?.message.tool_calls ?? [];
  assert.deepEqual(call?.type === "function" && [call.function.name, call.function.arguments], [
    "look_up",
    '{"city":"Köln"}',
  ]);
});

test("thoughts are reasoning_content, plain and streamed", async () => {
  const reasoning = { text: "日本? Let me think.", signature: "" };
  provider.setForModel("scripted-azure", { text: "so", chunks: 2, reasoning });
  const plain = await byDeployment.chat.completions.create(asked);
  // OpenAI's types have no such field; DeepSeek and vLLM add it.
  const thoughtIn = (said: object | undefined): string =>
    (said as { reasoning_content?: string })?.reasoning_content ?? "";
  assert.equal(thoughtIn(plain.choices[0]?.message), reasoning.text);
  let thought = "";
  for await (const { choices } of await byDeployment.chat.completions.create({ ...asked, stream: true })) {
    thought += thoughtIn(choices[0]?.delta);
  }
  assert.equal(thought, reasoning.text);
});

test("errors, by status and in a stream", async () => {
  provider.setForModel("scripted-azure", { fault: { kind: "status", status: 429 } });
  await assert.rejects(byDeployment.chat.completions.create(asked), OpenAI.RateLimitError);
  provider.setForModel("scripted-azure", { chunks: 3, fault: { kind: "error_event_after", chunk: 1 } });
  await assert.rejects(async () => {
    for await (const _ of await byDeployment.chat.completions.create({ ...asked, stream: true }));
  }, OpenAI.APIError);
});
