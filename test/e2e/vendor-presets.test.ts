// Two vendors' presets at work, with the scripted provider in the vendor's place: what the vendor refuses is not sent, its usage is found
// where it puts it, and nothing is lost on the way.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { CallEntry } from "@waybill/testing";
import type OpenAI from "openai";
import { anthropicClient } from "../stack/anthropic.ts";
import { openaiClient } from "../stack/ask.ts";
import { type BookedAttempt, booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const model = (name: string): string =>
  `{name: ${name}, contextWindowTokens: 100000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}`;
const yaml = (url: string): string => `
providers:
  - {id: groq, preset: groq, baseUrl: "${url}", allowPrivateAddress: true, models: [${model("scripted-g")}]}
  - {id: mistral, preset: mistral, baseUrl: "${url}", allowPrivateAddress: true, models: [${model("scripted-m")}]}
`;
const messages = [{ role: "user" as const, content: "hi" }];
const TEN_IN_FOUR_OUT = { inputTokens: 10, outputTokens: 4, chunks: 2, text: "hello" };

let stack: TestStack;
before(async () => {
  stack = await startStack({ waybillYaml: yaml, env: { worker: { GROQ_API_KEY: "g-key", MISTRAL_API_KEY: "m-key" } } });
});
after(() => stack[Symbol.asyncDispose]());

const lastCall = (): CallEntry => stack.provider.log.entries().at(-1) ?? assert.fail("nobody was called");
/** The provider was sent this very body; its log keeps only digests. */
const assertSent = (body: object): void =>
  assert.equal(lastCall().bodySha256, createHash("sha256").update(JSON.stringify(body)).digest("hex"));

/** Attempts that came to no provider. */
const unsent = 0;
async function lastBooked(): Promise<BookedAttempt> {
  const booked = await booksAreRight(stack, { attempts: stack.provider.log.entries().length + unsent });
  return booked.find(({ attempt_id }) => attempt_id === lastCall().attemptId) ?? assert.fail("it is not on the books");
}

async function streamed(asked: OpenAI.ChatCompletionCreateParamsStreaming): Promise<{ text: string; usage: unknown }> {
  let text = "";
  let usage: unknown;
  for await (const chunk of await openaiClient(stack).chat.completions.create(asked)) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.choices.length === 0 ? chunk.usage : usage;
  }
  return { text, usage };
}

describe("groq", () => {
  it("is not sent what it refuses, and the client is told", async () => {
    stack.provider.setForModel("scripted-g", TEN_IN_FOUR_OUT);
    const asked = { model: "groq/scripted-g", messages, max_tokens: 50, seed: 7 };
    const { response } = await openaiClient(stack)
      .chat.completions.create({ ...asked, logit_bias: { 5: 1 }, metadata: { plan: "paid" } })
      .withResponse();
    assert.equal(response.headers.get("x-waybill-dropped"), "logit_bias,metadata");
    assertSent({ ...asked, model: "scripted-g" });
    assert.equal(
      lastCall().headers.authorization,
      `sha256:${createHash("sha256").update("Bearer g-key").digest("hex")}`,
    );
    assert.equal((await lastBooked()).cost_usd, "0.000026000000");
  });

  it("reports usage in x_groq, and a client that asked for it has it in the usual place", async () => {
    stack.provider.setForModel("scripted-g", { ...TEN_IN_FOUR_OUT, usagePlace: "x_groq" });
    const asked = { model: "groq/scripted-g", messages, max_tokens: 50, stream: true as const };
    const { text, usage } = await streamed({ ...asked, stream_options: { include_usage: true } });
    assert.equal(text, "hello");
    assert.equal((usage as OpenAI.CompletionUsage).completion_tokens, 4);
    const booked = await lastBooked();
    assert.deepEqual([booked.token_source, booked.cost_usd], ["provider", "0.000026000000"]);

    const message = await anthropicClient(stack)
      .messages.stream({ model: "groq/scripted-g", messages, max_tokens: 50 })
      .finalMessage();
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [10, 4]);
    assert.equal((await lastBooked()).token_source, "provider");
  });

  it("has a chat and nothing else: completions are asked as one", async () => {
    stack.provider.setForModel("scripted-g", TEN_IN_FOUR_OUT);
    const answer = await openaiClient(stack).completions.create({ model: "groq/scripted-g", prompt: "hi" });
    assert.deepEqual([answer.choices[0]?.text, lastCall().path], ["hello", "/v1/chat/completions"]);
    await lastBooked();
  });
});

describe("mistral", () => {
  it("is asked for no usage, reports it all the same, and has limits by their older name", async () => {
    stack.provider.setForModel("scripted-m", { ...TEN_IN_FOUR_OUT, usagePlace: "last_choice" });
    const { text, usage } = await streamed({
      ...{ model: "mistral/scripted-m", messages, stream: true, max_completion_tokens: 50, user: "u-1" },
      stream_options: { include_usage: true },
    });
    assertSent({ max_tokens: 50, model: "scripted-m", messages, stream: true });
    assert.equal(text, "hello");
    assert.equal((usage as OpenAI.CompletionUsage).prompt_tokens, 10);
    const booked = await lastBooked();
    assert.deepEqual([booked.token_source, booked.cost_usd], ["provider", "0.000026000000"]);
  });

  it("is not sent in another dialect's words what it refuses in OpenAI's", async () => {
    stack.provider.setForModel("scripted-m", TEN_IN_FOUR_OUT);
    const { response } = await anthropicClient(stack)
      .messages.create({ model: "mistral/scripted-m", messages, max_tokens: 50, metadata: { user_id: "u-1" } })
      .withResponse();
    assert.equal(response.headers.get("x-waybill-dropped"), "user");
    assertSent({ model: "scripted-m", messages, max_tokens: 50 });
    await lastBooked();
  });
});
