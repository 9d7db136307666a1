// The official OpenAI client asks models of Gemini, Bedrock and Azure OpenAI and notices nothing: plain, streamed, with tools, with a
// schema, refused and cut off, each booked exactly. The providers' voices are proven against their own SDKs in libs/testing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseUsd } from "@waybill/domain";
import type { CallEntry, Script } from "@waybill/testing";
import OpenAI from "openai";
import { anthropicClient } from "../stack/anthropic.ts";
import { ask, openaiClient, readStream } from "../stack/ask.ts";
import { type BookedAttempt, booksAreRight } from "../stack/books.ts";
import { claudeCodeTwoTurns } from "../stack/claude-code.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const PRICE = 'price: {input: "1", cachedInput: "0.1", cacheWrite5m: "1.25", cacheWrite1h: "2", output: "4"}';
const model = (name: string): string => {
  const refused = name.endsWith("-thinks") ? ", refusedParameters: [temperature, top_p]" : "";
  return `{name: ${name}, contextWindowTokens: 16000000, maxOutputTokens: 4096, ${PRICE}${refused}}`;
};
/** One model for each of them: a router spares one that fails, and waits where it is told to. */
const USES = ["", "-broken", "-failing", "-limited", "-thinks"] as const;
type Use = (typeof USES)[number];

/** `scriptedUrl` ends in /v1. The keys are no real ones: the scripted provider takes any. */
const waybillYaml = (scriptedUrl: string): string => {
  const origin = scriptedUrl.replace(/\/v1$/, "");
  const provider = (id: string, dialect: string, baseUrl: string, key: string, more = ""): string =>
    `  - {id: ${id}, dialect: ${dialect}, baseUrl: "${baseUrl}", keyVariable: ${key}, allowPrivateAddress: true, ${more}models: [${USES.map((use) => model(`scripted-${id}${use}`)).join(", ")}]}`;
  return [
    "providers:",
    provider("gemini", "gemini", `${origin}/v1beta`, "TEST_GEMINI_KEY"),
    provider("bedrock", "bedrock", origin, "TEST_BEDROCK_KEYS", "region: eu-central-1, "),
    provider("azure", "azure-openai", origin, "TEST_AZURE_KEY"),
    provider("deployment", "azure-openai", origin, "TEST_AZURE_KEY", 'apiVersion: "2024-10-21", '),
    "aliases: {better: bedrock/scripted-bedrock, cheaper: gemini/scripted-gemini}",
  ].join("\n");
};
const KEYS = {
  TEST_GEMINI_KEY: "gemini-key",
  TEST_BEDROCK_KEYS: "AKIDEXAMPLEAKIDEX:bedrock-secret",
  TEST_AZURE_KEY: "azure-key",
};

const PROVIDERS = ["gemini", "bedrock", "azure", "deployment"] as const;
type ProviderName = (typeof PROVIDERS)[number];
const nameOf = (provider: ProviderName, use: Use = ""): string => `${provider}/scripted-${provider}${use}`;
/** Exactly ten tokens in, four out: $0.000026. */
const TEN_IN_FOUR_OUT = { inputTokens: 10, outputTokens: 4 };
const messages = [{ role: "user" as const, content: "hi" }];
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { city: { type: "string" } } } },
});
const TWO_CALLS: Script = {
  ...TEN_IN_FOUR_OUT,
  chunks: 0,
  toolCalls: [
    { name: "look_up", arguments: '{"city":"Köln"}' },
    { name: "add", arguments: '{"a":1}' },
  ],
};

let stack: TestStack;
/** Attempts that came to no provider. */
let unsent = 0;
before(async () => {
  stack = await startStack({ waybillYaml, env: { worker: KEYS }, logBytes: true });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

function scripted(provider: ProviderName, script: Script, use: Use = ""): void {
  stack.provider.setForModel(`scripted-${provider}${use}`, script);
}

/** Every call that was made is on the books, and nothing else. */
function booked(): Promise<BookedAttempt[]> {
  return booksAreRight(stack, { attempts: stack.provider.log.entries().length + unsent });
}

/** The record of the attempt made last. */
async function lastBooked(): Promise<BookedAttempt> {
  const all = await booked();
  const attemptId = lastCall().attemptId;
  return all.find(({ attempt_id }) => attempt_id === attemptId) ?? assert.fail(`${attemptId} is not on the books`);
}

function lastCall(): CallEntry {
  return stack.provider.log.entries().at(-1) ?? assert.fail("nobody was called");
}

const PATHS: Record<ProviderName, readonly [plain: string, stream: string]> = {
  gemini: [
    "/v1beta/models/scripted-gemini:generateContent",
    "/v1beta/models/scripted-gemini:streamGenerateContent?alt=sse",
  ],
  bedrock: ["/model/scripted-bedrock/converse", "/model/scripted-bedrock/converse-stream"],
  azure: ["/openai/v1/chat/completions", "/openai/v1/chat/completions"],
  deployment: [
    "/openai/deployments/scripted-deployment/chat/completions?api-version=2024-10-21",
    "/openai/deployments/scripted-deployment/chat/completions?api-version=2024-10-21",
  ],
};
/** By its way to think. Gemini and OpenAI's endpoints cache by themselves; a model of an unnamed maker at Bedrock knows no effort. */
const ofChat = {
  adaptive: "context_management,cache_control",
  enabled: "context_management,thinking,cache_control",
};
const DROPPED_OF_CLAUDE_CODE: Record<ProviderName, { adaptive: string; enabled: string }> = {
  gemini: { adaptive: "context_management,cache_control", enabled: "context_management,cache_control" },
  bedrock: { adaptive: "context_management,reasoning_effort", enabled: "context_management,thinking" },
  azure: ofChat,
  deployment: ofChat,
};
const KEY_HEADERS: Record<ProviderName, string> = {
  gemini: "x-goog-api-key",
  bedrock: "authorization",
  azure: "api-key",
  deployment: "api-key",
};

/** Of ten tokens written for five minutes and five for an hour, those that a format tells apart so. */
const CACHE_WRITES: Record<ProviderName, readonly [for5m: bigint, for1h: bigint]> = {
  // Gemini bills a cache by the hour and has no writes.
  gemini: [0n, 0n],
  bedrock: [10n, 5n],
  // Chat completions say only how much was written.
  azure: [15n, 0n],
  deployment: [15n, 0n],
};

describe("thoughts of Gemini and of Claude on Bedrock", () => {
  const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
  const script = { ...TEN_IN_FOUR_OUT, text: "so", chunks: 2, reasoning };
  const sent = () => JSON.parse(lastCall().bodyText ?? "");
  const sentBack = {
    // Gemini wants only its signature again, where it stood.
    gemini: () => assert.deepEqual(sent().contents[1].parts, [{ text: "so", thoughtSignature: reasoning.signature }]),
    bedrock: () =>
      assert.deepEqual(sent().messages[1].content, [
        { reasoningContent: { reasoningText: reasoning } },
        { text: "so" },
      ]),
  };

  for (const provider of ["gemini", "bedrock"] as const) {
    for (const stream of [false, true]) {
      it(`reach clients of Messages and Responses from ${provider} and go back signed, ${stream ? "streamed" : "plain"}`, async () => {
        scripted(provider, script);
        const anthropic = anthropicClient(stack);
        const more = { role: "user" as const, content: "and then?" };
        const asked = { model: nameOf(provider), max_tokens: 50, messages };
        const { content } = stream
          ? await anthropic.messages.stream(asked).finalMessage()
          : await anthropic.messages.create(asked);
        const thought = content.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");
        assert.equal(thought, reasoning.text);
        await anthropic.messages.create({ ...asked, messages: [...messages, { role: "assistant", content }, more] });
        sentBack[provider]();

        const openai = openaiClient(stack);
        const input: OpenAI.Responses.ResponseInput = [...messages];
        const request = { model: nameOf(provider), input, store: false };
        const { output } = stream
          ? await openai.responses.stream(request).finalResponse()
          : await openai.responses.create(request);
        const summaries = output.flatMap((item) => (item.type === "reasoning" ? item.summary : []));
        assert.equal(summaries.map(({ text }) => text).join(""), reasoning.text);
        input.push(...(output as OpenAI.Responses.ResponseInput), more);
        await openai.responses.create(request);
        sentBack[provider]();
      });
    }
  }
});

describe("what a provider has no place for", () => {
  it("is named where it is dropped, and refused where the answer would be another one", async () => {
    scripted("bedrock", TEN_IN_FOUR_OUT);
    const asked = { model: nameOf("bedrock"), messages };
    const { response } = await openaiClient(stack)
      .chat.completions.create({ ...asked, seed: 7 })
      .withResponse();
    assert.equal(response.headers.get("x-waybill-dropped"), "seed");
    await assert.rejects(openaiClient(stack).chat.completions.create({ ...asked, n: 2 }), (error: unknown) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.code, error.param], ["not_translatable", "n"]);
      return true;
    });
    unsent += 1;
    assert.ok(
      (await booked()).some(
        ({ error_code, outcome }) => error_code === "not_translatable" && outcome === "failed_free",
      ),
    );
  });
});

describe("what a model refuses", () => {
  for (const provider of PROVIDERS) {
    it(`is left out for ${provider}, whichever way the body takes, and named`, async () => {
      scripted(provider, TEN_IN_FOUR_OUT, "-thinks");
      const asked = { model: nameOf(provider, "-thinks"), messages, max_tokens: 50, stop: ["x"] };
      await openaiClient(stack).chat.completions.create(asked);
      const { bodyBytes } = lastCall();
      const { response } = await openaiClient(stack)
        .chat.completions.create({ ...asked, top_p: 0.5, temperature: 0.25 })
        .withResponse();
      assert.equal(response.headers.get("x-waybill-dropped"), "temperature,top_p");
      assert.deepEqual([lastCall().bodyBytes, lastCall().maxTokens], [bodyBytes, 50]);
    });
  }
});

for (const provider of PROVIDERS) {
  describe(provider, () => {
    it("answers, and the call is booked to the pico-dollar", async () => {
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: "日本 ok" });
      const { data, response } = await openaiClient(stack)
        .chat.completions.create({ model: nameOf(provider), messages, max_tokens: 50 })
        .withResponse();
      assert.equal(data.choices[0]?.message.content, "日本 ok");
      assert.equal(data.choices[0]?.finish_reason, "stop");
      assert.deepEqual([data.usage?.prompt_tokens, data.usage?.completion_tokens], [10, 4]);
      assert.equal(response.headers.get("x-waybill-cost-usd"), "0.000026");
      const call = lastCall();
      assert.deepEqual([call.path, call.maxTokens], [PATHS[provider][0], 50]);
      assert.match(String(call.headers[KEY_HEADERS[provider]]), /^sha256:/);
      const { outcome, token_source, input_tokens, output_tokens, cost_usd } = await lastBooked();
      assert.deepEqual([outcome, token_source, input_tokens, output_tokens], ["success", "provider", 10n, 4n]);
      assert.equal(Number(cost_usd), 0.000026);
    });

    it("streams, with usage and cost at the end", async () => {
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: "eins zwei 日本", chunks: 4, bytesPerWrite: 11 });
      const stream = await openaiClient(stack).chat.completions.create({
        ...{ model: nameOf(provider), messages, stream: true as const },
        stream_options: { include_usage: true },
      });
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), "eins zwei 日本");
      const reasons = chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? []);
      assert.deepEqual(reasons, ["stop"]);
      assert.equal(chunks.at(-1)?.usage?.completion_tokens, 4);
      assert.equal((chunks.at(-1) as { waybill?: { cost_usd: string } }).waybill?.cost_usd, "0.000026");
      assert.equal(lastCall().path, PATHS[provider][1]);
      assert.equal((await lastBooked()).outcome, "success");
    });

    it("has what the cache gave and took booked at its own prices, plain and streamed", async () => {
      const [for5m, for1h] = CACHE_WRITES[provider];
      const figures = { inputTokens: 100, cachedInputTokens: 40, cacheWriteTokens: 10, cacheWrite1hTokens: 5 };
      scripted(provider, { ...figures, outputTokens: 4 });
      for (const stream of [false, true]) {
        const answer = await ask(stack, { model: nameOf(provider), stream });
        assert.equal(answer.status, 200, await answer.text());
        const { input_tokens, cost_usd } = await lastBooked();
        const plain = 60n - for5m - for1h;
        assert.equal(input_tokens, 100n);
        assert.equal(
          parseUsd(cost_usd ?? ""),
          plain * 1_000_000n + 40n * 100_000n + for5m * 1_250_000n + for1h * 2_000_000n + 4n * 4_000_000n,
        );
      }
    });

    it("calls tools, plain and streamed, and takes their results", async () => {
      const client = openaiClient(stack);
      const tools = [tool("look_up"), tool("add")];
      const asked = { model: nameOf(provider), messages, tools };
      scripted(provider, TWO_CALLS);
      const plain = await client.chat.completions.create(asked);
      const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
      for (const { choices } of [plain, streamed]) {
        assert.equal(choices[0]?.finish_reason, "tool_calls");
        assert.deepEqual(
          choices[0]?.message.tool_calls?.map(
            (call) => call.type === "function" && [call.function.name, call.function.arguments],
          ),
          [
            ["look_up", '{"city":"Köln"}'],
            ["add", '{"a":1}'],
          ],
        );
      }
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: "7 degrees" });
      const message = plain.choices[0]?.message ?? assert.fail();
      const results = (message.tool_calls ?? []).map(({ id }) => ({
        ...{ role: "tool" as const, tool_call_id: id, content: '{"degrees":7}' },
      }));
      const after = await client.chat.completions.create({ ...asked, messages: [...messages, message, ...results] });
      assert.equal(after.choices[0]?.message.content, "7 degrees");
      await booked();
    });

    it("answers the Responses API, plain and streamed, and takes the results of its calls", async () => {
      const client = openaiClient(stack);
      const parameters = { type: "object", properties: { city: { type: "string" } } };
      const tools = ["look_up", "add"].map((name) => ({ type: "function" as const, name, parameters, strict: false }));
      const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "hi" }];
      const asked = { model: nameOf(provider), instructions: "Be kind.", input, tools, store: false };
      scripted(provider, TWO_CALLS);
      const plain = await client.responses.create(asked);
      const streamed = await client.responses.stream(asked).finalResponse();
      for (const { output, status, usage } of [plain, streamed]) {
        const calls = output.flatMap((item) => (item.type === "function_call" ? [[item.name, item.arguments]] : []));
        assert.deepEqual(calls, [
          ["look_up", '{"city":"Köln"}'],
          ["add", '{"a":1}'],
        ]);
        assert.deepEqual([status, usage?.input_tokens, usage?.output_tokens], ["completed", 10, 4]);
      }
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: "7 degrees" });
      input.push(...(plain.output as OpenAI.Responses.ResponseInput));
      for (const item of plain.output) {
        if (item.type !== "function_call") continue;
        input.push({ type: "function_call_output", call_id: item.call_id, output: '{"degrees":7}' });
      }
      assert.equal((await client.responses.create(asked)).output_text, "7 degrees");
      await booked();
    });

    it("answers the Messages API, plain and streamed, and takes the results of its calls", async () => {
      const client = anthropicClient(stack);
      const input_schema = { type: "object" as const, properties: { city: { type: "string" } } };
      const asked = {
        ...{ model: nameOf(provider), max_tokens: 50, messages: [{ role: "user" as const, content: "hi" }] },
        tools: ["look_up", "add"].map((name) => ({ name, input_schema })),
      };
      scripted(provider, { ...TWO_CALLS, text: "eins 日本", chunks: 3, bytesPerWrite: 11 });
      const plain = await client.messages.create(asked);
      const streamed = await client.messages.stream(asked).finalMessage();
      assert.equal(lastCall().path, PATHS[provider][1]);
      for (const { content, stop_reason, usage } of [plain, streamed]) {
        // Gemini signs its calls, and its signature travels as a thought.
        const shown = content.filter(({ type }) => type !== "thinking");
        assert.deepEqual(
          shown.map((block) => (block.type === "tool_use" ? block.input : block.type === "text" && block.text)),
          ["eins 日本", { city: "Köln" }, { a: 1 }],
        );
        assert.deepEqual([stop_reason, usage.input_tokens, usage.output_tokens], ["tool_use", 10, 4]);
      }
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: "7 degrees" });
      const results = plain.content.flatMap((block) =>
        block.type === "tool_use" ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "7" }] : [],
      );
      const messages = [
        ...asked.messages,
        { role: "assistant" as const, content: plain.content },
        { role: "user" as const, content: results },
      ];
      const [after] = (await client.messages.create({ ...asked, messages })).content;
      assert.equal(after?.type === "text" && after.text, "7 degrees");
      await booked();
    });

    it("is asked as Claude Code does, two turns, and what it does not take is named", async () => {
      for (const [thinking, dropped] of [
        [{ type: "adaptive" }, DROPPED_OF_CLAUDE_CODE[provider].adaptive],
        [{ type: "enabled", budget_tokens: 2_000 }, DROPPED_OF_CLAUDE_CODE[provider].enabled],
      ] as const) {
        const play = (script: Script) => scripted(provider, { ...TEN_IN_FOUR_OUT, ...script });
        for (const turn of await claudeCodeTwoTurns(stack, nameOf(provider), thinking, play)) {
          assert.deepEqual([turn.call.path, turn.dropped], [PATHS[provider][1], dropped]);
        }
      }
      await booked();
    });

    it("answers by a schema", async () => {
      scripted(provider, { ...TEN_IN_FOUR_OUT, text: '{"city":"Köln"}' });
      const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
      const { data, response } = await openaiClient(stack)
        .chat.completions.parse({
          ...{ model: nameOf(provider), messages },
          response_format: { type: "json_schema", json_schema: { name: "place", schema } },
        })
        .withResponse();
      assert.deepEqual(JSON.parse(data.choices[0]?.message.content ?? ""), { city: "Köln" });
      assert.equal(response.headers.get("x-waybill-dropped"), null);
      await booked();
    });

    it("has its figures judged, and a missing one is not zero", async () => {
      for (const usage of ["missing", "zero", "negative", "huge"] as const) {
        scripted(provider, { ...TEN_IN_FOUR_OUT, usage });
        assert.equal((await ask(stack, { model: nameOf(provider), stream: true })).status, 200);
        const { outcome, cost_usd, output_tokens } = await lastBooked();
        assert.equal(outcome, "success", usage);
        assert.ok(Number(cost_usd) > 0 && output_tokens < 10_000n, `${usage}: ${cost_usd}, ${output_tokens}`);
      }
      if (provider === "gemini") return;
      // More written to the cache than there was: bounded by the input, and flagged.
      scripted(provider, { ...TEN_IN_FOUR_OUT, cacheWriteTokens: 500 });
      assert.equal((await ask(stack, { model: nameOf(provider) })).status, 200);
      const { input_tokens, cost_usd, suspect } = await lastBooked();
      assert.deepEqual(
        [input_tokens, suspect, parseUsd(cost_usd ?? "")],
        [10n, true, 10n * 1_250_000n + 4n * 4_000_000n],
      );
    });

    it("tells of a stream that was cut, of one that just ended, and of an error inside", async () => {
      for (const [fault, code] of [
        [{ kind: "cut_after", chunk: 2 }, "upstream_truncated"],
        [{ kind: "end_without_done", chunk: 2 }, "upstream_truncated"],
        [{ kind: "error_event_after", chunk: 2 }, "upstream_error"],
        [{ kind: "malformed_json", chunk: 2 }, "upstream_malformed"],
      ] as const) {
        scripted(provider, { ...TEN_IN_FOUR_OUT, chunks: 4, gapMs: 5, fault }, "-broken");
        const end = await readStream(await ask(stack, { model: nameOf(provider, "-broken"), stream: true }));
        assert.deepEqual(
          [end.status, end.done, end.errorCode, end.finishReason],
          [200, false, code, undefined],
          fault.kind,
        );
        assert.notEqual(end.text, "");
        const { outcome, error_code, token_source, cost_usd } = await lastBooked();
        assert.deepEqual([outcome, error_code], ["partial", code]);
        // Where nobody says what an aborted call costs, a hard budget books all that was held.
        const hasRule = provider === "azure" || provider === "deployment";
        assert.equal(token_source, hasRule ? "counted" : "worst_case");
        assert.ok(Number(cost_usd) > 0);
      }
    });

    it("passes refusals on, free of charge", async () => {
      for (const [status, code, ours, use] of [
        [500, "upstream_error", OpenAI.InternalServerError, "-failing"],
        [429, "upstream_rate_limited", OpenAI.RateLimitError, "-limited"],
      ] as const) {
        scripted(provider, { fault: { kind: "status", status } }, use);
        const asked = openaiClient(stack).chat.completions.create({ model: nameOf(provider, use), messages });
        await assert.rejects(asked, (error: unknown) => error instanceof ours && error.code === code);
        const { outcome, error_code, cost_usd } = await lastBooked();
        assert.deepEqual([outcome, error_code, Number(cost_usd)], ["failed_free", code, 0]);
      }
    });
  });
}
