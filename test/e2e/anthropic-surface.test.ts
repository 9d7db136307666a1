// The Messages API as Anthropic's own clients use it: at a provider that speaks it, at one that does not, and OpenAI's clients at
// one that speaks nothing else.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseUsd } from "@waybill/domain";
import { eventually, type Script } from "@waybill/testing";
import { ANTHROPIC_SDKS, anthropicClient } from "../stack/anthropic.ts";
import { ask, openaiClient, readStream } from "../stack/ask.ts";
import { type BookedAttempt, bookedAttempts } from "../stack/books.ts";
import { CLAUDE_CODE_BETAS, claudeCodeTwoTurns, sha256, type Thinking } from "../stack/claude-code.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { unbudgetedKey } from "../stack/unbudgeted-key.ts";

const yaml = (url: string): string => `
providers:
  - id: claude
    dialect: anthropic
    baseUrl: ${url}
    allowPrivateAddress: true
    models: &models
      - {name: scripted-1, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "1", cachedInput: "0.1", cacheWrite5m: "1.25", cacheWrite1h: "2", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
      # It fails, and is left alone for it: nothing else is asked of it.
      - {name: scripted-fails, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
  - id: other
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models: *models
`;
const NATIVE = "claude/scripted-1";
const FOREIGN = "other/scripted-1";
const hi = [{ role: "user" as const, content: "hi" }];
const tools = [
  {
    name: "weather",
    description: "The weather",
    input_schema: { type: "object" as const, properties: { city: { type: "string" } } },
  },
];
const toolCalls = [
  { name: "weather", arguments: '{"city":"Ulm"}' },
  { name: "weather", arguments: '{"city":"Rom"}' },
];

let stack: TestStack;
before(async () => {
  stack = await startStack({ waybillYaml: yaml });
});
after(() => stack[Symbol.asyncDispose]());

/** POST /v1/messages as curl would. */
const messages = (key: string, body: object): Promise<Response> =>
  fetch(`${stack.url}/v1/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** The one attempt of a request, as the ledger has it. */
function booked(requestId: string): Promise<BookedAttempt> {
  return eventually(
    async () => (await bookedAttempts(stack)).find(({ attempt_id }) => attempt_id === `${requestId}.1`),
    { reason: `${requestId} is booked`, timeoutMs: 10_000 },
  );
}

describe("the Messages API", () => {
  for (const [version, Sdk] of ANTHROPIC_SDKS) {
    for (const model of [NATIVE, FOREIGN]) {
      it(`answers SDK ${version} at ${model}, plain, with its cost booked to the pico-dollar`, async () => {
        stack.provider.setForModel("scripted-1", {
          text: "hello wörld",
          inputTokens: 100,
          cachedInputTokens: 40,
          cacheWriteTokens: 10,
          cacheWrite1hTokens: 5,
          outputTokens: 7,
        });
        const { data, response } = await anthropicClient(stack, Sdk)
          .messages.create({ model, max_tokens: 50, messages: hi })
          .withResponse();
        assert.deepEqual(
          data.content.map((block) => block.type === "text" && block.text),
          ["hello wörld"],
        );
        const { input_tokens, cache_read_input_tokens, output_tokens } = data.usage;
        assert.deepEqual(
          [data.stop_reason, input_tokens, cache_read_input_tokens, output_tokens],
          ["end_turn", 45, 40, 7],
        );
        // Chat completions say only how much was written, not for how long.
        const [for5m, for1h] = model === NATIVE ? [10n, 5n] : [15n, 0n];
        assert.equal(data.usage.cache_creation_input_tokens, 15);
        assert.deepEqual(data.usage.cache_creation, {
          ...{ ephemeral_5m_input_tokens: Number(for5m), ephemeral_1h_input_tokens: Number(for1h) },
        });
        const id = response.headers.get("request-id") ?? "";
        assert.equal(response.headers.get("x-request-id"), id);
        const row = await booked(id);
        // Per million tokens $1, $0.10 from the cache, $1.25 and $2 to it, and $4.
        const written = for5m * 1_250_000n + for1h * 2_000_000n;
        const cost = 45n * 1_000_000n + 40n * 100_000n + written + 7n * 4_000_000n;
        assert.equal(parseUsd(row.cost_usd ?? ""), cost);
        assert.equal(parseUsd(response.headers.get("x-waybill-cost-usd") ?? ""), cost);
      });

      it(`streams to SDK ${version} at ${model}: text and two tools at once, in Anthropic's order, and the cost at the end`, async () => {
        stack.provider.setForModel("scripted-1", { text: "let me see", chunks: 4, toolCalls, bytesPerWrite: 7 });
        const kinds: string[] = [];
        let waybill: unknown;
        const stream = anthropicClient(stack, Sdk).messages.stream({ model, max_tokens: 50, messages: hi, tools });
        stream.on("streamEvent", (event) => {
          kinds.push(event.type);
          if (event.type === "message_delta") waybill = (event as { waybill?: unknown }).waybill;
        });
        const message = await stream.finalMessage();
        assert.deepEqual(
          message.content.map((block) =>
            block.type === "tool_use" ? block.input : block.type === "text" && block.text,
          ),
          ["let me see", { city: "Ulm" }, { city: "Rom" }],
        );
        assert.equal(message.stop_reason, "tool_use");
        assert.deepEqual([kinds[0], kinds.at(-2), kinds.at(-1)], ["message_start", "message_delta", "message_stop"]);
        assert.match(JSON.stringify(waybill), /"cost_usd":"0\.0000\d+".*"attempts":1/);
      });
    }
  }

  it("passes bytes and the client's betas to a provider that speaks it, and changes nothing but model and limit", async () => {
    stack.provider.setForModel("scripted-1", {});
    const body = `{"model": "${NATIVE}","max_tokens":  9,"messages":[{"role":"user","content":"hi"}], "x_new": {"kept": 1.50}}`;
    const answer = await fetch(`${stack.url}/v1/messages?beta=true`, {
      method: "POST",
      headers: {
        ...{ "x-api-key": stack.keys.support_1 ?? "", "content-type": "application/json" },
        ...{ "anthropic-version": "2026-10-21", "anthropic-beta": "interleaved-thinking-2025-05-14" },
      },
      body,
    });
    assert.equal(answer.status, 200, await answer.text());
    const call = (await stack.provider.log.entries()).at(-1);
    assert.equal(call?.path, "/v1/messages");
    assert.equal(call?.bodySha256, sha256(body.replace(NATIVE, "scripted-1")));
    assert.equal(call?.headers["anthropic-version"], "2026-10-21");
    assert.equal(call?.headers["anthropic-beta"], "interleaved-thinking-2025-05-14");
    assert.equal(call?.headers.authorization, undefined);
  });

  const thinkings: Thinking[] = [{ type: "adaptive" }, { type: "enabled", budget_tokens: 2_000 }];
  for (const thinking of thinkings) {
    const play = (script: Script) => stack.provider.setForModel("scripted-1", script);

    it(`is asked as Claude Code does, two turns, with ${thinking.type} thinking: bytes pass where it is spoken`, async () => {
      for (const { body, call, dropped } of await claudeCodeTwoTurns(stack, NATIVE, thinking, play)) {
        assert.equal(call.bodySha256, sha256(body.replace(NATIVE, "scripted-1")));
        assert.deepEqual(
          [call.path, call.headers["anthropic-beta"], dropped],
          ["/v1/messages", CLAUDE_CODE_BETAS, null],
        );
        assert.deepEqual([call.headers["x-app"], call.headers.authorization], [undefined, undefined]);
      }
    });

    it(`is asked as Claude Code does, two turns, with ${thinking.type} thinking, where chat completions are spoken`, async () => {
      for (const { call, dropped } of await claudeCodeTwoTurns(stack, FOREIGN, thinking, play)) {
        assert.deepEqual([call.path, call.headers["anthropic-beta"]], ["/v1/chat/completions", undefined]);
        const budget = thinking.type === "enabled" ? ["thinking"] : [];
        assert.deepEqual(dropped?.split(","), ["context_management", ...budget, "cache_control"]);
      }
    });
  }

  it("tells errors in Anthropic's words: key, field, unknown model, budget, provider, inside a stream", async () => {
    const client = anthropicClient(stack);
    const wrongKey = anthropicClient(stack, undefined, "wb_nobody_0000000000000000");
    const create = (fields: object, by = client) =>
      by.messages.create({ model: FOREIGN, max_tokens: 9, messages: hi, ...fields });
    await assert.rejects(create({}, wrongKey), {
      status: 401,
      type: "authentication_error",
      errorCode: "invalid_api_key",
    });
    await assert.rejects(create({ max_tokens: "9" }), { status: 400, type: "invalid_request_error" });
    await assert.rejects(create({ model: "nobody/has-it" }), { status: 404, type: "not_found_error" });
    stack.provider.setForModel("scripted-fails", { fault: { kind: "status", status: 429, retryAfter: 3 } });
    for (const model of ["claude/scripted-fails", "other/scripted-fails"]) {
      await assert.rejects(create({ model }), { status: 429, type: "rate_limit_error" });
      // Its circuit wants to be left alone for as long as the provider said.
      await eventually(
        async () => {
          stack.provider.setForModel("scripted-fails", { chunks: 4, fault: { kind: "cut_after", chunk: 2 } });
          const failed = await client.messages
            .stream({ model, max_tokens: 9, messages: hi })
            .finalMessage()
            .then(
              () => "a whole message",
              (error: Error) => error.message,
            );
          assert.notEqual(failed, "a whole message");
          return failed.includes("before it was complete");
        },
        { reason: `a cut stream at ${model}`, timeoutMs: 15_000, intervalMs: 300 },
      );
      stack.provider.setForModel("scripted-fails", { fault: { kind: "status", status: 429, retryAfter: 1 } });
    }
  });

  it("counts tokens without asking a provider", async () => {
    const { input_tokens } = await anthropicClient(stack).messages.countTokens({
      model: NATIVE,
      messages: [{ role: "user", content: "word ".repeat(400) }],
      tools,
    });
    assert.ok(input_tokens > 300 && input_tokens < 700, String(input_tokens));
  });
});

/** A picture, a schema and words to stop at, as the two surfaces say them to the same end. */
const PICTURE = Buffer.from("no real picture, but bytes: \u{1f5bc}").toString("base64");
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const IN_MESSAGES = {
  max_tokens: 9,
  messages: [
    {
      role: "user" as const,
      content: [
        { type: "text" as const, text: "Where is this?" },
        {
          type: "image" as const,
          source: { type: "base64" as const, media_type: "image/png" as const, data: PICTURE },
        },
      ],
    },
  ],
  stop_sequences: ["END", "\n\n"],
  output_config: { format: { type: "json_schema" as const, schema: SCHEMA } },
};
const IN_CHAT = {
  messages: [
    {
      role: "user" as const,
      content: [
        { type: "text" as const, text: "Where is this?" },
        { type: "image_url" as const, image_url: { url: `data:image/png;base64,${PICTURE}` } },
      ],
    },
  ],
  max_tokens: 9,
  stop: ["END", "\n\n"],
};
const chatFormat = (name: string) => ({
  response_format: { type: "json_schema" as const, json_schema: { name, schema: SCHEMA, strict: true } },
});

describe("a picture, a schema and words to stop at", () => {
  const answered = { text: '{"city":"Ulm"}' };
  /** The provider was sent this very body; its log keeps only digests. */
  const assertSent = (body: object): void =>
    assert.equal(stack.provider.log.entries().at(-1)?.bodySha256, sha256(JSON.stringify(body)));

  for (const [model, sent] of [
    [NATIVE, { model: "scripted-1", ...IN_MESSAGES }],
    [FOREIGN, { model: "scripted-1", ...IN_CHAT, ...chatFormat("answer") }],
  ] as const) {
    it(`come by Messages to ${model} to the byte, and nothing is dropped`, async () => {
      stack.provider.setForModel("scripted-1", answered);
      const { data, response } = await anthropicClient(stack)
        .messages.create({ model, ...IN_MESSAGES })
        .withResponse();
      const [block] = data.content;
      assert.equal(block?.type === "text" && block.text, answered.text);
      assert.equal(response.headers.get("x-waybill-dropped"), null);
      assertSent(sent);
    });
  }

  for (const [model, sent] of [
    [FOREIGN, { model: "scripted-1", ...IN_CHAT, ...chatFormat("place") }],
    [NATIVE, { model: "scripted-1", ...IN_MESSAGES }],
  ] as const) {
    it(`come by chat completions to ${model} to the byte, and nothing is dropped`, async () => {
      stack.provider.setForModel("scripted-1", answered);
      const { data, response } = await openaiClient(stack)
        .chat.completions.create({ model, ...IN_CHAT, ...chatFormat("place") })
        .withResponse();
      assert.equal(data.choices[0]?.message.content, answered.text);
      assert.equal(response.headers.get("x-waybill-dropped"), null);
      assertSent(sent);
    });
  }

  it("two choices with their logprobs: passed where they are known, and by name refused or dropped where not", async () => {
    stack.provider.setForModel("scripted-1", { text: "twice", chunks: 2 });
    const client = openaiClient(stack);
    const asked = { model: FOREIGN, messages: hi, n: 2, logprobs: true, top_logprobs: 3, max_tokens: 9 };
    const { choices } = await client.chat.completions.create(asked);
    assert.deepEqual(
      choices.map(({ index, message }) => [index, message.content]),
      [
        [0, "twice"],
        [1, "twice"],
      ],
    );
    assertSent({ ...asked, model: "scripted-1" });
    const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
    assert.deepEqual(
      streamed.choices.map(({ message }) => message.content),
      ["twice", "twice"],
    );
    const { response } = await client.chat.completions.create({ ...asked, model: NATIVE, n: 1 }).withResponse();
    assert.equal(response.headers.get("x-waybill-dropped"), "logprobs");
    await assert.rejects(client.chat.completions.create({ ...asked, model: NATIVE }), {
      ...{ status: 400, code: "not_translatable", param: "n" },
    });
  });
});

describe("a provider that speaks only Messages", () => {
  it("serves OpenAI's client, plain and streamed, with tools, and says what it does not take", async () => {
    stack.provider.setForModel("scripted-2", {
      text: "let me see",
      chunks: 3,
      toolCalls,
      inputTokens: 10,
      outputTokens: 5,
    });
    const client = openaiClient(stack);
    const request = {
      model: "claude/scripted-2",
      messages: hi,
      seed: 7,
      tools: [
        { type: "function" as const, function: { name: "weather", parameters: { type: "object", properties: {} } } },
      ],
    };
    const { data, response } = await client.chat.completions.create(request).withResponse();
    const [choice] = data.choices;
    assert.equal(choice?.finish_reason, "tool_calls");
    assert.deepEqual(
      choice?.message.tool_calls?.map((call) => call.type === "function" && call.function.arguments),
      ['{"city":"Ulm"}', '{"city":"Rom"}'],
    );
    assert.deepEqual([data.usage?.prompt_tokens, data.usage?.completion_tokens], [10, 5]);
    assert.equal(response.headers.get("x-waybill-dropped"), "seed");

    const whole = await client.chat.completions
      .stream({ ...request, stream_options: { include_usage: true } })
      .finalChatCompletion();
    assert.equal(whole.choices[0]?.message.content, "let me see");
    assert.equal(whole.choices[0]?.message.tool_calls?.length, 2);
    assert.equal(whole.usage?.total_tokens, 15);
  });

  it("never lets a stream that was cut look whole", async () => {
    stack.provider.setForModel("scripted-2", { chunks: 6, fault: { kind: "end_without_done", chunk: 3 } });
    const end = await readStream(await ask(stack, { model: "claude/scripted-2", stream: true }));
    assert.deepEqual([end.done, end.finishReason, end.errorCode], [false, undefined, "upstream_truncated"]);
    const row = await booked(end.requestId);
    assert.deepEqual([row.outcome, row.error_code], ["partial", "upstream_truncated"]);
  });
});

describe("what the price does not cover", () => {
  it("is booked at the prices of text where no hard budget forbids it, flagged, and finance sees why", async () => {
    const key = await unbudgetedKey(stack);
    stack.provider.setForModel("scripted-1", {
      inputTokens: 100,
      outputTokens: 7,
      audioInputTokens: 60,
      audioOutputTokens: 5,
    });
    const told = { reported_audio_input: "60", reported_image_input: "0", reported_audio_output: "5" };
    const cases = [
      // A dearer tier at a provider that tells of sound, and a faster lane at one that does not.
      [await ask(stack, { key, model: FOREIGN, fields: { service_tier: "priority" } }), told],
      [await ask(stack, { key, model: FOREIGN, stream: true, fields: { service_tier: "priority" } }), told],
      [await messages(key, { model: NATIVE, max_tokens: 50, messages: hi, speed: "fast" }), {}],
    ] as const;
    for (const [answer, more] of cases) {
      assert.equal(answer.status, 200, await answer.text());
      const id = answer.headers.get("x-request-id") ?? "";
      const { suspect, cost_usd } = await booked(id);
      assert.deepEqual([suspect, parseUsd(cost_usd ?? "")], [true, 100n * 1_000_000n + 7n * 4_000_000n]);
      const [seen] = await stack.sql<{ team: string; evidence: unknown }>(
        "SELECT team, evidence FROM finance.suspect_attempt WHERE request_id = $1",
        [id],
      );
      assert.deepEqual([seen?.team, seen?.evidence], ["Design", { price_unbounded: true, ...more }]);
    }
    stack.provider.setForModel("scripted-1", { inputTokens: 100, outputTokens: 7 });
    const plain = await ask(stack, { key, model: FOREIGN });
    assert.equal(plain.status, 200);
    assert.equal((await booked(plain.headers.get("x-request-id") ?? "")).suspect, false);
  });
});
