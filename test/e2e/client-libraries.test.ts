// The libraries that people build agents with, unmodified: Vercel's AI SDK and LangChain, on every surface they know, at providers that speak
// the surface and at some that do not. What they retry by themselves is part of the promise.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { scriptedVector } from "@waybill/testing";
import { embedMany, generateText, jsonSchema, streamText } from "ai";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const yaml = (url: string): string => `
providers:
  - id: claude
    dialect: anthropic
    baseUrl: ${url}
    allowPrivateAddress: true
    models: &models
      - {name: scripted-1, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
  - id: other
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models: *models
  - id: openai
    dialect: openai
    baseUrl: ${url}
    allowPrivateAddress: true
    models: *models
  - id: vectors
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models: [{name: scripted-e, contextWindowTokens: 8192, capabilities: [embeddings], price: {input: "1"}}]
`;
const PROVIDERS = ["claude", "other", "openai"];
const parameters = { type: "object" as const, properties: { city: { type: "string" as const } }, required: ["city"] };
const toolCalls = [{ name: "weather", arguments: '{"city":"Ulm"}' }];

/** Its type depends on the model's, which is not told here. */
function usageOf({ usage_metadata: usage }: { usage_metadata?: unknown }): unknown[] {
  const { input_tokens, output_tokens } = usage as { input_tokens: number; output_tokens: number };
  return [input_tokens, output_tokens];
}

let stack: TestStack;
before(async () => {
  stack = await startStack({ waybillYaml: yaml });
});
after(() => stack[Symbol.asyncDispose]());

const key = () => stack.keys.support_1 ?? "";
const calls = async () => (await stack.provider.log.summary()).calls;

describe("Vercel's AI SDK", () => {
  const surfaces = {
    chat: (model: string) =>
      createOpenAICompatible({ name: "waybill", baseURL: `${stack.url}/v1`, apiKey: key(), includeUsage: true })(model),
    messages: (model: string) => createAnthropic({ baseURL: `${stack.url}/v1`, apiKey: key() })(model),
  };
  const tools = {
    weather: { description: "The weather", inputSchema: jsonSchema<{ city: string }>(parameters) },
  };

  for (const [surface, modelOf] of Object.entries(surfaces)) {
    for (const provider of PROVIDERS) {
      it(`generates and streams text and tool calls by ${surface} at ${provider}`, async () => {
        const model = modelOf(`${provider}/scripted-1`);
        stack.provider.setForModel("scripted-1", { text: "hello wörld", inputTokens: 9, outputTokens: 4 });
        const plain = await generateText({ model, prompt: "hi", maxOutputTokens: 50 });
        assert.deepEqual([plain.text, plain.usage.inputTokens, plain.usage.outputTokens], ["hello wörld", 9, 4]);

        stack.provider.setForModel("scripted-1", { text: "let me see", chunks: 4, toolCalls, bytesPerWrite: 11 });
        const stream = streamText({ model, prompt: "hi", maxOutputTokens: 50, tools });
        assert.deepEqual(
          (await stream.toolCalls).map(({ toolName, input }) => [toolName, input]),
          [["weather", { city: "Ulm" }]],
        );
        assert.deepEqual([await stream.text, await stream.finishReason], ["let me see", "tool-calls"]);
      });

      it(`hears by ${surface} at ${provider} that a stream was cut, and never takes it for whole`, async () => {
        stack.provider.setForModel("scripted-2", { chunks: 6, fault: { kind: "cut_after", chunk: 3 } });
        const errors: unknown[] = [];
        const stream = streamText({
          ...{ model: modelOf(`${provider}/scripted-2`), prompt: "hi", maxOutputTokens: 50, maxRetries: 0 },
          onError: ({ error }) => void errors.push(error),
        });
        await stream.consumeStream();
        assert.equal(errors.length, 1);
      });
    }
  }
});

describe("embeddings", () => {
  const values = ["naïve", "日本"];
  const model = "vectors/scripted-e";
  const expected = values.map((value) => [...scriptedVector(value, 6)]);

  it("come to Vercel's AI SDK", async () => {
    stack.provider.setForModel("scripted-e", { inputTokens: 9 });
    const waybill = createOpenAICompatible({ name: "waybill", baseURL: `${stack.url}/v1`, apiKey: key() });
    const providerOptions = { waybill: { dimensions: 6 } };
    const { embeddings, usage } = await embedMany({ model: waybill.embeddingModel(model), values, providerOptions });
    assert.deepEqual([embeddings, usage.tokens], [expected, 9]);
  });

  it("come to LangChain", async () => {
    const embedder = new OpenAIEmbeddings({
      ...{ model, dimensions: 6, apiKey: key() },
      configuration: { baseURL: `${stack.url}/v1` },
    });
    assert.deepEqual(await embedder.embedDocuments(values), expected);
    assert.deepEqual(await embedder.embedQuery("naïve"), expected[0]);
  });
});

describe("LangChain", () => {
  const surfaces = {
    chat: (model: string) =>
      new ChatOpenAI({ model, apiKey: key(), maxTokens: 50, configuration: { baseURL: `${stack.url}/v1` } }),
    responses: (model: string) =>
      new ChatOpenAI({
        ...{ model, apiKey: key(), maxTokens: 50, useResponsesApi: true },
        configuration: { baseURL: `${stack.url}/v1` },
      }),
    messages: (model: string) =>
      new ChatAnthropic({ model, apiKey: key(), maxTokens: 50, anthropicApiUrl: stack.url, streamUsage: true }),
  };
  const weather = { name: "weather", description: "The weather", schema: parameters };

  for (const [surface, modelOf] of Object.entries(surfaces)) {
    for (const provider of PROVIDERS) {
      it(`invokes and streams by ${surface} at ${provider}, with tools and usage`, async () => {
        const model = modelOf(`${provider}/scripted-1`).bindTools([weather]);
        stack.provider.setForModel("scripted-1", { text: "see", toolCalls, inputTokens: 9, outputTokens: 4 });
        const message = await model.invoke("hi");
        assert.deepEqual(
          message.tool_calls?.map(({ name, args }) => [name, args]),
          [["weather", { city: "Ulm" }]],
        );
        assert.deepEqual(usageOf(message), [9, 4]);

        stack.provider.setForModel("scripted-1", { text: "hello wörld", chunks: 3 });
        let text = "";
        for await (const chunk of await model.stream("hi")) text += chunk.text;
        assert.equal(text, "hello wörld");
      });
    }
  }

  for (const [surface, modelOf] of Object.entries(surfaces)) {
    for (const provider of PROVIDERS) {
      it(`throws by ${surface} at ${provider} where a stream was cut, and never takes it for whole`, async () => {
        const text = "one two three four five six ";
        stack.provider.setForModel("scripted-2", { text, chunks: 6, fault: { kind: "cut_after", chunk: 3 } });
        let seen = "";
        await assert.rejects(async () => {
          for await (const chunk of await modelOf(`${provider}/scripted-2`).stream("hi")) seen += chunk.text;
        });
        assert.ok(seen !== "" && seen !== text && text.startsWith(seen), seen);
      });
    }
  }

  it("asks once when the budget is used up", async () => {
    const before = await calls();
    const broke = new ChatOpenAI({
      ...{ model: "other/scripted-1", apiKey: stack.keys.research_1 ?? "", maxTokens: 4_000 },
      configuration: { baseURL: `${stack.url}/v1` },
    });
    stack.provider.setForModel("scripted-1", { outputTokens: 4_000 });
    const startedAtMs = performance.now();
    await assert.rejects(
      async () => {
        for (let n = 0; n < 40; n += 1) await broke.invoke("hi");
      },
      (error: Error & { status?: number }) => error.status === 402,
    );
    assert.ok((await calls()) - before < 40);
    assert.ok(performance.now() - startedAtMs < 30_000, "it was not retried with pauses");
  });
});
