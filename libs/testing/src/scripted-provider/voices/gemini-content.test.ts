// Google's own SDK takes this voice for the real thing: what the fixtures of the worker are made of is no fiction.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { ApiError, FinishReason, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import type { Script } from "../script.ts";
import { startScriptedProvider } from "../server.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const client = new GoogleGenAI({
  apiKey: "a-key",
  httpOptions: { baseUrl: `http://127.0.0.1:${provider.port}`, apiVersion: "v1beta" },
});
const model = "scripted-gemini";
const asked = { model, contents: "hello" };

async function streamed(script: Script): Promise<GenerateContentResponse[]> {
  provider.setForModel(model, script);
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of await client.models.generateContentStream(asked)) chunks.push(chunk);
  return chunks;
}

test("a plain answer: text, reason and figures", async () => {
  provider.setForModel(model, {
    ...{ text: "日本 ok", inputTokens: 100, cachedInputTokens: 40, outputTokens: 20, reasoningTokens: 5 },
  });
  const answer = await client.models.generateContent({ ...asked, config: { maxOutputTokens: 50 } });
  assert.equal(answer.text, "日本 ok");
  assert.equal(answer.candidates?.[0]?.finishReason, FinishReason.STOP);
  assert.equal(answer.modelVersion, model);
  const { promptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount } =
    answer.usageMetadata ?? {};
  assert.deepEqual(
    [promptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount],
    [100, 40, 15, 5],
  );
  const entry = provider.log.entries().at(-1);
  assert.equal(entry?.path, `/v1beta/models/${model}:generateContent`);
  assert.equal(entry?.maxTokens, 50);
  assert.match(String(entry?.headers["x-goog-api-key"]), /^sha256:/);
});

test("a stream: pieces of text, the reason with the last, wherever the bytes are cut", async () => {
  const chunks = await streamed({ text: "eins zwei 日本", chunks: 3, outputTokens: 9, bytesPerWrite: 5 });
  assert.equal(chunks.map(({ text }) => text ?? "").join(""), "eins zwei 日本");
  assert.equal(chunks.at(-1)?.candidates?.[0]?.finishReason, FinishReason.STOP);
  assert.equal(chunks.at(-1)?.usageMetadata?.candidatesTokenCount, 9);
  assert.equal(provider.log.entries().at(-1)?.path, `/v1beta/models/${model}:streamGenerateContent?alt=sse`);
});

test("calls of tools: whole, in a stream too", async () => {
  const script: Script = {
    chunks: 0,
    toolCalls: [
      { name: "look_up", arguments: '{"city":"Köln"}' },
      { name: "add", arguments: '{"a":1}' },
    ],
  };
  provider.setForModel(model, script);
  const plain = (await client.models.generateContent(asked)).functionCalls;
  const inStream = (await streamed(script)).flatMap(({ functionCalls }) => functionCalls ?? []);
  for (const calls of [plain, inStream]) {
    assert.deepEqual(
      calls?.map(({ name, args }) => [name, args]),
      [
        ["look_up", { city: "Köln" }],
        ["add", { a: 1 }],
      ],
    );
  }
});

test("thoughts are parts marked as such; their signature is on what follows", async () => {
  const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
  for (const toolCalls of [[], [{ name: "f", arguments: "{}" }]]) {
    const chunks = await streamed({ text: "so", chunks: 2, reasoning, toolCalls });
    const plain = await client.models.generateContent(asked);
    for (const parts of [
      chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []),
      plain.candidates?.[0]?.content?.parts ?? [],
    ]) {
      const thoughts = parts.filter(({ thought }) => thought);
      assert.deepEqual(thoughts, [{ text: reasoning.text, thought: true }]);
      const [signed, ...others] = parts.filter(({ thoughtSignature }) => thoughtSignature !== undefined);
      assert.deepEqual([signed?.thoughtSignature, others.length], [reasoning.signature, 0]);
      assert.equal(signed?.functionCall !== undefined, toolCalls.length > 0);
    }
  }
});

test("errors: by status, and in the middle of a stream", async () => {
  provider.setForModel(model, { fault: { kind: "status", status: 429 } });
  await assert.rejects(client.models.generateContent(asked), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 429);
    assert.match(error.message, /RESOURCE_EXHAUSTED.*RetryInfo/);
    return true;
  });
  await assert.rejects(
    // The SDK sees it only in a piece of its own.
    streamed({ chunks: 3, fault: { kind: "error_event_after", chunk: 0 } }),
    (error: unknown) => error instanceof ApiError && error.status === 503,
  );
  await assert.rejects(client.models.generateContent({ ...asked, model: "gemini-2.5-pro" }), /NOT_FOUND/);
});
