// Embeddings, legacy completions and one model's entry, by the official OpenAI client through the whole of Waybill: what it decodes is
// what the provider made, and every call is booked exactly.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { formatUsd } from "@waybill/domain";
import { type CallEntry, scriptedVector } from "@waybill/testing";
import OpenAI from "openai";
import { adminOf } from "../stack/admin.ts";
import { anthropicClient } from "../stack/anthropic.ts";
import { openaiClient } from "../stack/ask.ts";
import { type BookedAttempt, booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** $0.02 for a million tokens of input and nothing for output: 20 000 pico-USD a token. */
const embedder = (name: string): string =>
  `{name: ${name}, contextWindowTokens: 8192, capabilities: [embeddings], price: {input: "0.02"}}`;
const chat = (name: string): string =>
  `{name: ${name}, contextWindowTokens: 100000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}`;

/** `scriptedUrl` ends in /v1. The keys are no real ones: the scripted provider takes any. */
const waybillYaml = (scriptedUrl: string): string => {
  const origin = scriptedUrl.replace(/\/v1$/, "");
  const provider = (id: string, dialect: string, baseUrl: string, more: string, models: string[]): string =>
    `  - {id: ${id}, dialect: ${dialect}, baseUrl: "${baseUrl}", allowPrivateAddress: true, ${more} models: [${models.join(", ")}]}`;
  return [
    "providers:",
    provider("own", "openai-compatible", scriptedUrl, "", [embedder("scripted-e"), chat("scripted-c")]),
    provider("chats", "openai-compatible", scriptedUrl, "endpoints: [chat],", [
      chat("scripted-chat"),
      embedder("scripted-none"),
    ]),
    provider("azure", "azure-openai", origin, 'keyVariable: TEST_KEY, apiVersion: "2024-10-21",', [
      embedder("scripted-az"),
      chat("scripted-azc"),
    ]),
    provider("gemini", "gemini", `${origin}/v1beta`, "keyVariable: TEST_KEY,", [
      chat("scripted-g"),
      embedder("scripted-ge"),
    ]),
    "aliases: {better: own/scripted-c, vectors: own/scripted-e}",
  ].join("\n");
};

let stack: TestStack;
/** Attempts that came to no provider. */
let unsent = 0;
before(async () => {
  stack = await startStack({ waybillYaml, replicas: { console: 1 }, env: { worker: { TEST_KEY: "a-key" } } });
});
after(() => stack[Symbol.asyncDispose]());

const calls = (): readonly CallEntry[] => stack.provider.log.entries();
const lastCall = (): CallEntry => calls().at(-1) ?? assert.fail("nobody was called");
/** The provider was sent this very body; its log keeps only digests. */
const assertSent = (body: object): void =>
  assert.equal(lastCall().bodySha256, createHash("sha256").update(JSON.stringify(body)).digest("hex"));

/** The record of the attempt made last; every other call is on the books, too. */
async function lastBooked(): Promise<BookedAttempt> {
  const booked = await booksAreRight(stack, { attempts: calls().length + unsent });
  return booked.find(({ attempt_id }) => attempt_id === lastCall().attemptId) ?? assert.fail("it is not on the books");
}

async function refusal(asking: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await asking;
  } catch (error) {
    assert.ok(error instanceof OpenAI.APIError, String(error));
    return error;
  }
  return assert.fail("it was answered");
}

describe("POST /v1/embeddings", () => {
  it("gives the client's own encoding and floats, the same vectors, booked by their input alone", async () => {
    stack.provider.setForModel("scripted-e", { inputTokens: 50 });
    const client = openaiClient(stack);
    const asked = { model: "own/scripted-e", input: ["naïve", "日本"], dimensions: 4, user: "u-1" };
    const expected = [[...scriptedVector("naïve", 4)], [...scriptedVector("日本", 4)]];
    for (const [encoding, sent] of [
      [undefined, "base64"],
      ["float", "float"],
    ] as const) {
      const { data, response } = await client.embeddings
        .create({ ...asked, ...(encoding && { encoding_format: encoding }) })
        .withResponse();
      assert.deepEqual(
        data.data.map(({ embedding }) => [...embedding]),
        expected,
      );
      assert.deepEqual(data.usage, { prompt_tokens: 50, total_tokens: 50 });
      assertSent({ ...asked, model: "scripted-e", encoding_format: sent });
      assert.equal(response.headers.get("x-waybill-cost-usd"), "0.000001");
      const booked = await lastBooked();
      assert.deepEqual([booked.input_tokens, booked.output_tokens, booked.cost_usd], [50n, 0n, "0.000001000000"]);
      assert.deepEqual([booked.outcome, booked.token_source], ["success", "provider"]);
    }
  });

  it("takes tokens, lists of them, and names for a model", async () => {
    const client = openaiClient(stack);
    const one = await client.embeddings.create({ model: "vectors", input: [1, 2, 3] });
    assert.deepEqual([...(one.data[0]?.embedding ?? [])], [...scriptedVector([1, 2, 3], 8)]);
    const two = await client.embeddings.create({ model: "vectors", input: [[1], [2, 3]] });
    assert.equal(two.data.length, 2);
    // Two inputs of more than half a window each: every one has a window of its own.
    const long = Array.from({ length: 5_000 }, (_, token) => token);
    assert.equal((await client.embeddings.create({ model: "vectors", input: [long, long] })).data.length, 2);
    assert.equal((await lastBooked()).model, "scripted-e");
  });

  it("reaches a deployment of Azure's", async () => {
    await openaiClient(stack).embeddings.create({ model: "azure/scripted-az", input: "a" });
    assert.equal(lastCall().path, "/openai/deployments/scripted-az/embeddings?api-version=2024-10-21");
    assert.equal((await lastBooked()).output_tokens, 0n);
  });

  it("is refused by models of another kind, and models for embeddings by every other request; nothing is sent", async () => {
    const before = calls().length;
    const client = openaiClient(stack);
    const wrong = await refusal(client.embeddings.create({ model: "own/scripted-c", input: "a" }));
    assert.deepEqual([wrong.status, wrong.code], [400, "invalid_value"]);
    assert.match(wrong.message, /does not support embeddings/);
    const asked = { model: "vectors", max_tokens: 5, messages: [{ role: "user" as const, content: "a" }] };
    assert.match((await refusal(client.chat.completions.create(asked))).message, /serves only embeddings/);
    const legacy = await refusal(client.completions.create({ model: "vectors", prompt: "a" }));
    assert.match(legacy.message, /serves only embeddings/);
    const long = await refusal(client.embeddings.create({ model: "vectors", input: "word ".repeat(8_192) }));
    assert.equal(long.code, "context_length_exceeded");
    assert.equal(calls().length, before);
  });

  it("is refused where the provider's dialect has none, and where its endpoints lack them", async () => {
    for (const model of ["gemini/scripted-ge", "chats/scripted-none"]) {
      const error = await refusal(openaiClient(stack).embeddings.create({ model, input: "a" }));
      assert.deepEqual([error.status, error.code], [400, "surface_unsupported"]);
      unsent += 1;
    }
    await lastBooked();
  });

  it("goes by a route where its path says, is simulated as it is served, and auto takes only models for it", async () => {
    const admin = adminOf(stack);
    const document = {
      nodes: [
        { id: "start", kind: "start", next: "kind" },
        ...[{ id: "kind", kind: "if", condition: 'request.path == "/v1/embeddings"', whenTrue: "e", whenFalse: "c" }],
        { id: "e", kind: "auto", models: ["own/scripted-c", "own/scripted-e"], next: "end" },
        { id: "c", kind: "model", model: "own/scripted-c", next: "end" },
        { id: "end", kind: "end" },
      ],
    };
    const simulated = async (wantsEmbeddings: boolean): Promise<string> => {
      const { body } = await admin("POST", "/api/v1/routes/simulate", { document, request: { wantsEmbeddings } });
      return `${body.explanation?.model ?? JSON.stringify(body)}`;
    };
    assert.equal(await simulated(true), "own/scripted-e");
    assert.equal(await simulated(false), "own/scripted-c");

    const saved = await admin("POST", "/api/v1/routes", { name: "both", document, deploy: true });
    assert.equal(saved.status, 201, JSON.stringify(saved.body));
    const client = openaiClient(stack);
    const served = (answer: { response: Response }) => answer.response.headers.get("x-waybill-model");
    const vectors = await client.embeddings.create({ model: "dynamic/both", input: "a" }).withResponse();
    const asked = { model: "dynamic/both", max_tokens: 5, messages: [{ role: "user" as const, content: "a" }] };
    const chatted = await client.chat.completions.create(asked).withResponse();
    assert.deepEqual([served(vectors), served(chatted)], ["scripted-e", "scripted-c"]);
    assert.equal((await lastBooked()).model, "scripted-c");
  });

  it("names what is wrong with a body", async () => {
    const client = openaiClient(stack);
    const error = await refusal(client.embeddings.create({ model: "vectors", input: ["a", 1] as unknown as string[] }));
    assert.deepEqual([error.status, error.code, error.param], [400, "invalid_value", "input[1]"]);
  });

  it("respects a hard budget: what could cost more than is left is never sent", async () => {
    const poor = openaiClient(stack, stack.keys.research_1);
    const before = calls().length;
    // $0.02 is a million tokens; each token is at least one byte.
    const error = await refusal(
      poor.embeddings.create({ model: "vectors", input: Array(200).fill("x".repeat(8_000)) }),
    );
    assert.deepEqual([error.status, error.code, calls().length], [402, "budget_exceeded", before]);
    await poor.embeddings.create({ model: "vectors", input: "x".repeat(8_000) });
    assert.equal((await lastBooked()).team_id, "research");
  });

  it("carries many large vectors, and says of an answer beyond its bound what to do; both are booked", async () => {
    const client = openaiClient(stack);
    const input = Array.from({ length: 1_500 }, (_, index) => `${index}`);
    const asked = { model: "vectors", input, dimensions: 3_072 };
    // 24 MB in base64, and more than 64 MiB as floats.
    const many = await client.embeddings.create(asked);
    assert.deepEqual([...(many.data[1_499]?.embedding ?? [])], [...scriptedVector("1499", 3_072)]);
    const error = await refusal(client.embeddings.create({ ...asked, encoding_format: "float" }));
    assert.deepEqual([error.status, error.code], [502, "upstream_malformed"]);
    assert.match(error.message, /larger than 64 MiB.*in base64/);
    const booked = await lastBooked();
    // The provider has made it and bills it; what it says of that was not read.
    assert.deepEqual([booked.outcome, booked.token_source], ["unknown", "worst_case"]);
    assert.ok(Number(booked.cost_usd) > 0);
  });

  it("books what it must where the provider says no usage, fails or breaks off", async () => {
    const client = openaiClient(stack);
    stack.provider.setForModel("scripted-e", { usage: "missing" });
    await client.embeddings.create({ model: "vectors", input: "x".repeat(40) });
    const estimated = await lastBooked();
    assert.deepEqual([estimated.input_tokens, estimated.token_source], [10n, "estimated"]);

    stack.provider.setForModel("scripted-e", { fault: { kind: "status", status: 500 } });
    await refusal(client.embeddings.create({ model: "vectors", input: "a" }));
    assert.deepEqual([(await lastBooked()).outcome, (await lastBooked()).cost_usd], ["failed_free", "0.000000000000"]);
    stack.provider.setForModel("scripted-e", {});
  });
});

describe("POST /v1/completions", () => {
  const script = { text: "in a land far away", chunks: 5, inputTokens: 10, outputTokens: 4 };
  /** Ten tokens in at $1, four out at $4 a million. */
  const COST = formatUsd(26_000_000n);

  for (const [model, upstream] of [
    ["own/scripted-c", "/v1/completions"],
    ["azure/scripted-azc", "/openai/deployments/scripted-azc/completions?api-version=2024-10-21"],
    ["chats/scripted-chat", "/v1/chat/completions"],
    ["gemini/scripted-g", "/v1beta/models/scripted-g:"],
  ] as const) {
    it(`continues a prompt at ${model}, plain and streamed`, async () => {
      stack.provider.setForModel(model.split("/")[1] ?? "", script);
      const client = openaiClient(stack);
      const asked = { model, prompt: "Once upon a time", max_tokens: 40, temperature: 0.5 };
      const plain = await client.completions.create(asked);
      assert.equal(plain.object, "text_completion");
      assert.deepEqual(plain.choices[0]?.text, script.text);
      assert.deepEqual([plain.usage?.prompt_tokens, plain.usage?.completion_tokens], [10, 4]);
      assert.ok(lastCall().path.startsWith(upstream), lastCall().path);
      assert.equal(formatUsdOf(await lastBooked()), COST);

      for (const wantsUsage of [true, false]) {
        let [text, usageChunks, finish] = ["", 0, ""];
        const options = wantsUsage ? { stream_options: { include_usage: true } } : {};
        for await (const chunk of await client.completions.create({ ...asked, ...options, stream: true })) {
          assert.equal(chunk.object, "text_completion");
          text += chunk.choices[0]?.text ?? "";
          finish = chunk.choices[0]?.finish_reason ?? finish;
          if (chunk.usage) usageChunks += 1;
        }
        assert.deepEqual([text, usageChunks, finish], [script.text, wantsUsage ? 1 : 0, "stop"]);
        const booked = await lastBooked();
        assert.deepEqual([booked.token_source, formatUsdOf(booked)], ["provider", COST]);
      }
    });
  }

  it("allows sixteen tokens for each choice of each prompt, and holds that many", async () => {
    stack.provider.setForModel("scripted-c", { inputTokens: 10, outputTokens: "max" });
    const answer = await openaiClient(stack).completions.create({ model: "better", prompt: ["a", "b"], n: 2 });
    assert.equal(answer.choices.length, 4);
    assert.equal(lastCall().maxTokens, 16);
    assert.equal((await lastBooked()).output_tokens, 64n);
  });

  it("refuses by its name what a chat cannot be asked, and passes it where there are completions", async () => {
    stack.provider.setForModel("scripted-c", script);
    const client = openaiClient(stack);
    for (const [fields, param] of [
      [{ prompt: ["a", "b"] }, "prompt"],
      [{ n: 2 }, "n"],
      [{ suffix: "the end" }, "suffix"],
      [{ echo: true }, "echo"],
      [{ logprobs: 2 }, "logprobs"],
    ] as const) {
      const asked = { prompt: "a", ...fields };
      const error = await refusal(client.completions.create({ model: "gemini/scripted-g", ...asked } as never));
      assert.deepEqual([error.status, error.code, error.param], [400, "not_translatable", param]);
      unsent += 1;
      await client.completions.create({ model: "own/scripted-c", ...asked } as never);
      assertSent({ max_tokens: 16, model: "scripted-c", ...asked });
    }
    await lastBooked();
  });

  it("ends a stream that was cut with an error, and books what came", async () => {
    stack.provider.setForModel("scripted-c", { ...script, chunks: 6, fault: { kind: "cut_after", chunk: 3 } });
    const stream = await openaiClient(stack).completions.create({ model: "better", prompt: "a", stream: true });
    const error = await refusal(
      (async () => {
        for await (const _ of stream);
      })(),
    );
    assert.equal(error.code, "upstream_truncated");
    const booked = await lastBooked();
    assert.deepEqual([booked.outcome, booked.token_source], ["partial", "counted"]);
  });
});

function formatUsdOf({ cost_usd }: BookedAttempt): string {
  return (cost_usd ?? "").replace(/0+$/, "");
}

describe("GET /v1/models/{id}", () => {
  it("gives models, aliases and routes to the official clients, and 404 of what is not there", async () => {
    const client = openaiClient(stack);
    for (const id of ["own/scripted-e", "vectors", "auto"]) {
      assert.equal((await client.models.retrieve(id)).id, id);
    }
    const error = await refusal(client.models.retrieve("own/nothing"));
    assert.deepEqual([error.status, error.code], [404, "model_not_found"]);

    const anthropic = anthropicClient(stack);
    assert.equal((await anthropic.models.retrieve("own/scripted-c")).display_name, "own/scripted-c");
    const ids: string[] = [];
    for await (const { id } of anthropic.models.list()) ids.push(id);
    assert.ok(ids.includes("vectors"));
    await assert.rejects(anthropic.models.retrieve("own/nothing"), Anthropic.NotFoundError);
  });
});
