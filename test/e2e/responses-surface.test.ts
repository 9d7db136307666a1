// The Responses API as OpenAI's own client and Codex use it: at a provider that speaks it, at one that speaks chat completions alone,
// and at one that speaks Messages; what would need a kept response is refused, and everything is booked.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { parseUsd } from "@waybill/domain";
import { eventually, type Fault, type Script } from "@waybill/testing";
import OpenAI from "openai";
import { adminOf } from "../stack/admin.ts";
import { anthropicClient } from "../stack/anthropic.ts";
import { openaiClient } from "../stack/ask.ts";
import { type BookedAttempt, bookedAttempts, booksAreRight } from "../stack/books.ts";
import { END } from "../stack/routes.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** How a stream breaks after content, and the code that says so. Each has a model of its own: a failure tells on a model. */
const BREAKS: readonly [name: string, fault: Fault, code: string][] = [
  ["cut", { kind: "cut_after", chunk: 2 }, "upstream_truncated"],
  ["ended", { kind: "end_without_done", chunk: 2 }, "upstream_truncated"],
  ["failed", { kind: "error_event_after", chunk: 2 }, "upstream_error"],
  ["garbled", { kind: "malformed_json", chunk: 2 }, "upstream_malformed"],
];
const NAMES = ["1", "early", "good", ...BREAKS.map(([name]) => name)];
const yaml = (url: string): string => {
  const price = 'price: {input: "1", cachedInput: "0.1", cacheWrite5m: "1.25", cacheWrite1h: "2", output: "4"}';
  const models = NAMES.map(
    (name) => `{name: scripted-${name}, contextWindowTokens: 200000, maxOutputTokens: 4096, ${price}}`,
  );
  const provider = (id: string, dialect: string): string =>
    `  - {id: ${id}, dialect: ${dialect}, baseUrl: "${url}", allowPrivateAddress: true, models: [${models.join(", ")}]}`;
  return [
    "providers:",
    provider("openai", "openai"),
    provider("chat", "openai-compatible"),
    provider("claude", "anthropic"),
  ].join("\n");
};
const PROVIDERS = ["openai", "chat", "claude"] as const;
type ProviderName = (typeof PROVIDERS)[number];
const PATHS: Record<ProviderName, string> = {
  openai: "/v1/responses",
  chat: "/v1/chat/completions",
  claude: "/v1/messages",
};

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools: OpenAI.Responses.Tool[] = [
  { type: "function", name: "weather", description: "The weather", parameters, strict: false },
];
const toolCalls = [
  { name: "weather", arguments: '{"city":"Ulm"}' },
  { name: "weather", arguments: '{"city":"Rom"}' },
];
const KEPT = /Waybill keeps no responses|keeps no responses/;

let stack: TestStack;
/** Attempts that came to no provider. */
let unsent = 0;
before(async () => {
  stack = await startStack({ replicas: { console: 1 }, waybillYaml: yaml, logBytes: true });
});
after(() => stack[Symbol.asyncDispose]());

const play = (script: Script, name = "1"): void => stack.provider.setForModel(`scripted-${name}`, script);
const lastCall = () => stack.provider.log.entries().at(-1) ?? assert.fail("nobody was called");

/** The one attempt of a request, as the ledger has it. */
function booked(requestId: string | null | undefined): Promise<BookedAttempt> {
  const look = async () => (await bookedAttempts(stack)).find(({ attempt_id: id }) => id === `${requestId}.1`);
  return eventually(look, { reason: `${requestId} is booked`, timeoutMs: 10_000 });
}

/** POST as curl would. */
const post = (body: string, path = "/v1/responses"): Promise<Response> =>
  fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json" },
    body,
  });

for (const provider of PROVIDERS) {
  const model = `${provider}/scripted-1`;
  describe(`responses at ${provider}`, () => {
    it("are answered plain, with what was cached and thought, and booked to the pico-dollar", async () => {
      const figures = { inputTokens: 100, cachedInputTokens: 40, outputTokens: 7, reasoningTokens: 3 };
      play({ text: "hello wörld", ...figures, cacheWriteTokens: 10, cacheWrite1hTokens: 5 });
      const asked = { model, input: "hi", instructions: "Be kind.", max_output_tokens: 50, store: false };
      const { data, response } = await openaiClient(stack).responses.create(asked).withResponse();
      assert.deepEqual([data.object, data.status, data.output_text], ["response", "completed", "hello wörld"]);
      const { usage } = data;
      assert.deepEqual(
        [usage?.input_tokens, usage?.input_tokens_details.cached_tokens, usage?.output_tokens, usage?.total_tokens],
        [100, 40, 7, 107],
      );
      assert.equal(usage?.input_tokens_details.cache_write_tokens, 15);
      assert.equal(usage?.output_tokens_details.reasoning_tokens, 3);
      assert.deepEqual([lastCall().path, lastCall().maxTokens], [PATHS[provider], 50]);
      const row = await booked(response.headers.get("x-request-id"));
      // OpenAI's formats say only how much was written, not for how long.
      const [for5m, for1h] = provider === "claude" ? [10n, 5n] : [15n, 0n];
      // Per million tokens $1, $0.10 from the cache, $1.25 and $2 to it, and $4.
      const written = for5m * 1_250_000n + for1h * 2_000_000n;
      const cost = 45n * 1_000_000n + 40n * 100_000n + written + 7n * 4_000_000n;
      assert.equal(parseUsd(row.cost_usd ?? ""), cost);
      assert.deepEqual(
        [row.outcome, row.token_source, row.input_tokens, row.output_tokens],
        ["success", "provider", 100n, 7n],
      );
      const [more] = await stack.sql<{ cached: string; reasoning: string }>(
        `SELECT cached_input_tokens::text AS cached, reasoning_tokens::text AS reasoning
         FROM ledger.attempt WHERE attempt_id = $1`,
        [row.attempt_id],
      );
      assert.deepEqual([more?.cached, more?.reasoning], ["40", "3"]);
      assert.equal(parseUsd(response.headers.get("x-waybill-cost-usd") ?? ""), cost);
      assert.equal(response.headers.get("x-waybill-dropped"), null);
    });

    it("are streamed: text and two tools, numbered one by one, and the cost at the end", async () => {
      play({ text: "let me see", chunks: 4, toolCalls, bytesPerWrite: 7, inputTokens: 10, outputTokens: 5 });
      const stream = openaiClient(stack).responses.stream({ model, input: [{ role: "user", content: "hi" }], tools });
      const numbers: number[] = [];
      const kinds: string[] = [];
      for await (const event of stream) {
        numbers.push(event.sequence_number);
        kinds.push(event.type);
      }
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index),
      );
      assert.deepEqual(
        [kinds[0], kinds[1], kinds.at(-1), kinds.filter((kind) => kind === "response.completed").length],
        ["response.created", "response.in_progress", "response.completed", 1],
      );
      const response = await stream.finalResponse();
      assert.deepEqual([response.status, response.output_text], ["completed", "let me see"]);
      assert.deepEqual(
        response.output.map((item) => (item.type === "function_call" ? item.arguments : item.type)),
        ["message", '{"city":"Ulm"}', '{"city":"Rom"}'],
      );
      assert.equal(response.usage?.total_tokens, 15);
      const { waybill } = response as { waybill?: { cost_usd: string; attempts: number } };
      assert.deepEqual([waybill?.cost_usd, waybill?.attempts], ["0.00003", 1]);
    });

    it("call tools and take their results, with the whole conversation as input", async () => {
      const client = openaiClient(stack);
      play({ chunks: 0, toolCalls, reasoningTokens: 2 });
      const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "How warm are Ulm and Rom?" }];
      const first = await client.responses.create({ model, input, tools, store: false });
      const calls = first.output.filter((item) => item.type === "function_call");
      assert.deepEqual(
        calls.map(({ name }) => name),
        ["weather", "weather"],
      );
      input.push(...(first.output as OpenAI.Responses.ResponseInput));
      for (const { call_id } of calls) input.push({ type: "function_call_output", call_id, output: '{"degrees":7}' });
      play({ text: "7 degrees" });
      const second = await client.responses.create({ model, input, tools, store: false });
      assert.equal(second.output_text, "7 degrees");
    });

    it("follow a schema", async () => {
      play({ text: '{"city":"Köln"}' });
      const format = {
        type: "json_schema" as const,
        name: "place",
        schema: { ...parameters, additionalProperties: false },
        strict: true,
      };
      const { data, response } = await openaiClient(stack)
        .responses.parse({ model, input: "Where?", text: { format } })
        .withResponse();
      assert.deepEqual(data.output_parsed, { city: "Köln" });
      assert.equal(response.headers.get("x-waybill-dropped"), null);
    });

    it("say that they are incomplete, plain and streamed", async () => {
      play({ outputTokens: "max" });
      const asked = { model, input: "hi", max_output_tokens: 20 };
      const client = openaiClient(stack);
      for (const response of [
        await client.responses.create(asked),
        await client.responses.stream(asked).finalResponse(),
      ]) {
        const { status, incomplete_details, usage } = response;
        assert.deepEqual(
          [status, incomplete_details, usage?.output_tokens],
          ["incomplete", { reason: "max_output_tokens" }, 20],
        );
      }
    });

    it("are asked for as Codex does, two turns long", async () => {
      const codex = {
        ...{ model, instructions: "You are a coding agent.", tool_choice: "auto" as const, parallel_tool_calls: false },
        tools: [
          {
            ...{ type: "function" as const, name: "shell", description: "Runs a command", strict: false },
            parameters: {
              type: "object",
              properties: { command: { type: "array", items: { type: "string" } }, workdir: { type: "string" } },
              required: ["command"],
              additionalProperties: false,
            },
          },
        ],
        ...{ reasoning: { effort: "medium" as const, summary: "auto" as const }, store: false, stream: true as const },
        ...{ include: ["reasoning.encrypted_content" as const], prompt_cache_key: "0199-thread" },
      };
      const input: OpenAI.Responses.ResponseInput = [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "<permissions>…</permissions>" }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "<environment_context>…" }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "List the files." }] },
      ];
      play({
        text: "I look.",
        chunks: 2,
        toolCalls: [{ name: "shell", arguments: '{"command":["ls"]}' }],
        reasoningTokens: 4,
      });
      // Codex keeps what was done, item by item, and gives all of it back.
      for await (const event of await openaiClient(stack).responses.create({ ...codex, input })) {
        if (event.type === "response.output_item.done") input.push(event.item as OpenAI.Responses.ResponseInputItem);
      }
      const call = input.findLast((item) => item.type === "function_call");
      assert.ok(call?.type === "function_call" && call.arguments === '{"command":["ls"]}');
      input.push({ type: "function_call_output", call_id: call.call_id, output: "README.md\n" });
      play({ text: "README.md is all.", chunks: 3 });
      let text = "";
      let last = "";
      for await (const event of await openaiClient(stack).responses.create({ ...codex, input })) {
        if (event.type === "response.output_text.delta") text += event.delta;
        last = event.type;
      }
      assert.deepEqual([text, last], ["README.md is all.", "response.completed"]);
    });

    it("fall back unseen where a stream fails before its content, though it had begun", async () => {
      play({ chunks: 4, reasoningTokens: 3, fault: { kind: "error_event_after", chunk: 0 } }, "early");
      play({ text: "from the other", chunks: 2 }, "good");
      const node = (id: string, more: object = {}) => ({
        ...{ id, kind: "model", model: `${provider}/scripted-${id}`, next: "end", ...more },
      });
      const nodes = [
        { id: "start", kind: "start", next: "early" },
        node("early", { fallback: "good" }),
        node("good"),
        END,
      ];
      const route = { name: `early-${provider}`, document: { nodes }, deploy: true };
      const { status, body } = await adminOf(stack)("POST", "/api/v1/routes", route);
      assert.equal(status, 201, JSON.stringify(body));
      const { data, response } = await openaiClient(stack)
        .responses.create({ model: `dynamic/early-${provider}`, input: "hi", stream: true })
        .withResponse();
      const kinds: string[] = [];
      let text = "";
      for await (const event of data) {
        kinds.push(event.type);
        if (event.type === "response.output_text.delta") text += event.delta;
      }
      assert.equal(text, "from the other");
      assert.equal(kinds.filter((kind) => kind === "response.created").length, 1);
      assert.equal(kinds.at(-1), "response.completed");
      assert.equal(response.headers.get("x-waybill-attempts"), "2");
    });

    it("that break after content end with response.failed, and the SDK throws", async () => {
      for (const [name, fault, code] of BREAKS) {
        play({ chunks: 4, gapMs: 5, fault }, name);
        const body = { model: `${provider}/scripted-${name}`, input: "hi", stream: true };
        const answer = await post(JSON.stringify(body));
        assert.equal(answer.status, 200, name);
        const events = (await answer.text()).split("\n\n").filter((event) => event.startsWith("event: "));
        const data = events.map((event) => JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length)));
        const last = data.at(-1);
        assert.deepEqual(
          [last.type, last.response.status, last.response.error.code, last.error.code],
          ["response.failed", "failed", code, code],
          name,
        );
        assert.deepEqual(
          data.map((event) => event.sequence_number),
          data.map((_, index) => index),
        );
        assert.ok(data.every(({ type }) => type !== "response.completed" && type !== "response.incomplete"));
        const { outcome, error_code } = await booked(answer.headers.get("x-request-id"));
        assert.deepEqual([outcome, error_code], ["partial", code]);
        await assert.rejects(
          openaiClient(stack).responses.stream({ model: body.model, input: "hi" }).finalResponse(),
          (error: unknown) => error instanceof OpenAI.APIError && error.code === code,
          name,
        );
      }
    });
  });
}

/** Two turns: what came of thoughts in the first answer, and what of them its provider was sent with the second question. */
describe("thoughts", () => {
  const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
  const hi = { role: "user" as const, content: "hi" };
  const more = { role: "user" as const, content: "and then?" };
  const sent = () => JSON.parse(lastCall().bodyText ?? "");
  const think = (provider: ProviderName): string => {
    play({ text: "so", chunks: 2, reasoning, bytesPerWrite: 7 });
    return `${provider}/scripted-1`;
  };
  /** The assistant's turn as a provider that speaks Messages has it. */
  const blocksSent = (): { type: string }[] => sent().messages[1].content;

  for (const stream of [false, true]) {
    const how = stream ? "streamed" : "plain";

    it(`come to a Messages client with their signature and go back byte for byte, ${how}`, async () => {
      const client = anthropicClient(stack);
      const asked = { model: think("claude"), max_tokens: 50, messages: [hi] };
      const { content } = stream
        ? await client.messages.stream(asked).finalMessage()
        : await client.messages.create(asked);
      const thinking = { type: "thinking", thinking: reasoning.text, signature: reasoning.signature };
      assert.deepEqual(content[0], thinking);
      await client.messages.create({ ...asked, messages: [hi, { role: "assistant", content }, more] });
      assert.equal(lastCall().path, "/v1/messages");
      assert.deepEqual(blocksSent()[0], thinking);
      assert.ok(lastCall().bodyText?.includes(JSON.stringify(content[0])));
    });

    it(`come to a Responses client of Messages sealed as whose they are, and go back as the signature, ${how}`, async () => {
      const client = openaiClient(stack);
      const input: OpenAI.Responses.ResponseInput = [hi];
      const asked = { model: think("claude"), input, store: false };
      const { output, output_text } = stream
        ? await client.responses.stream(asked).finalResponse()
        : await client.responses.create(asked);
      const [thought] = output;
      assert.deepEqual(thought?.type === "reasoning" && [thought.summary, thought.encrypted_content, output_text], [
        [{ type: "summary_text", text: reasoning.text }],
        `waybill:signature:${reasoning.signature}`,
        "so",
      ]);
      input.push(...(output as OpenAI.Responses.ResponseInput), more);
      await client.responses.create(asked);
      assert.deepEqual(blocksSent(), [
        { type: "thinking", thinking: reasoning.text, signature: reasoning.signature },
        { type: "text", text: "so" },
      ]);
      // To OpenAI, which would refuse the whole request, they do not go.
      await client.responses.create({ ...asked, model: "openai/scripted-1" });
      assert.equal(lastCall().path, "/v1/responses");
      assert.deepEqual(
        sent().input.map(({ type, role }: { type?: string; role?: string }) => role ?? type),
        ["user", "assistant", "user"],
      );
    });

    it(`of OpenAI pass as they are and come back to it, and to nobody else, ${how}`, async () => {
      const client = openaiClient(stack);
      const input: OpenAI.Responses.ResponseInput = [hi];
      const asked = { model: think("openai"), input, store: false };
      const { output } = stream
        ? await client.responses.stream(asked).finalResponse()
        : await client.responses.create(asked);
      const [thought] = output;
      assert.equal(thought?.type === "reasoning" && thought.encrypted_content, reasoning.signature);
      input.push(...(output as OpenAI.Responses.ResponseInput), more);
      await client.responses.create(asked);
      const { type, summary, encrypted_content } = sent().input[1];
      assert.deepEqual(
        [type, summary, encrypted_content],
        ["reasoning", [{ type: "summary_text", text: reasoning.text }], reasoning.signature],
      );
      await client.responses.create({ ...asked, model: "claude/scripted-1" });
      assert.deepEqual(blocksSent(), [{ type: "text", text: "so" }]);
    });

    it(`come to a chat client as reasoning_content; without a signature they do not go back, ${how}`, async () => {
      const client = openaiClient(stack);
      for (const provider of ["chat", "claude"] as const) {
        const asked = { model: think(provider), messages: [hi] };
        let thought = "";
        const takeIn = (said: object | undefined): void => {
          thought += (said as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
        };
        if (stream) {
          for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true })) {
            takeIn(choices[0]?.delta);
          }
        } else takeIn((await client.chat.completions.create(asked)).choices[0]?.message);
        assert.equal(thought, reasoning.text, provider);
        // As clients of DeepSeek and vLLM send it; OpenAI's types have no such field.
        const said = { role: "assistant" as const, content: "so", reasoning_content: thought };
        await client.chat.completions.create({ ...asked, messages: [hi, said, more] });
        const expected =
          provider === "chat" ? { ...said } : { role: "assistant", content: [{ type: "text", text: "so" }] };
        assert.deepEqual(sent().messages[1], expected, provider);
      }
    });

    it(`of a provider of chat completions reach clients of Messages and Responses without a signature, ${how}`, async () => {
      const model = think("chat");
      const anthropic = anthropicClient(stack);
      const asked = { model, max_tokens: 50, messages: [hi] };
      const { content } = stream
        ? await anthropic.messages.stream(asked).finalMessage()
        : await anthropic.messages.create(asked);
      const [block] = content;
      assert.deepEqual(block?.type === "thinking" && [block.thinking, block.signature], [reasoning.text, ""]);
      await anthropic.messages.create({ ...asked, messages: [hi, { role: "assistant", content }, more] });
      assert.deepEqual(sent().messages[1], { role: "assistant", content: "so" });
      const openai = openaiClient(stack);
      const { output } = stream
        ? await openai.responses.stream({ model, input: "hi" }).finalResponse()
        : await openai.responses.create({ model, input: "hi" });
      const [item] = output;
      assert.deepEqual(item?.type === "reasoning" && [item.summary, item.encrypted_content], [
        [{ type: "summary_text", text: reasoning.text }],
        null,
      ]);
    });
  }
});

describe("the Responses API", () => {
  it("passes bytes to a provider that speaks it, and changes nothing but model and limit", async () => {
    play({});
    const body = (model: string): string =>
      `{"model": "${model}","max_output_tokens":  9,"input":[{"role":"user","content":"hi"}], "x_new": {"kept": 1.50},"store":true}`;
    const answer = await post(body("openai/scripted-1"));
    assert.equal(answer.status, 200, await answer.text());
    assert.equal(lastCall().bodySha256, createHash("sha256").update(body("scripted-1")).digest("hex"));
  });

  it("serves chat completions and Messages at the same provider, by its chat completions", async () => {
    play({ text: "hi there" });
    const chat = await openaiClient(stack).chat.completions.create({
      ...{ model: "openai/scripted-1", messages: [{ role: "user", content: "hi" }] },
    });
    assert.deepEqual([chat.choices[0]?.message.content, lastCall().path], ["hi there", "/v1/chat/completions"]);
    const said = { model: "openai/scripted-1", max_tokens: 9, messages: [{ role: "user", content: "hi" }] };
    assert.equal((await post(JSON.stringify(said), "/v1/messages")).status, 200);
    assert.equal(lastCall().path, "/v1/chat/completions");
  });

  it("refuses what would need a kept response, by its name, before anybody is asked", async () => {
    const calls = stack.provider.log.entries().length;
    const client = openaiClient(stack);
    const refused = async (fields: object, param: string) =>
      assert.rejects(
        client.responses.create({ model: "openai/scripted-1", input: "hi", ...fields }),
        (error: unknown) => {
          assert.ok(error instanceof OpenAI.BadRequestError);
          assert.deepEqual([error.code, error.param], ["invalid_value", param]);
          assert.match(error.message, KEPT);
          return true;
        },
      );
    await refused({ previous_response_id: "resp_1" }, "previous_response_id");
    await refused({ conversation: "conv_1" }, "conversation");
    await refused({ background: true }, "background");
    await refused({ input: [{ type: "item_reference", id: "msg_1" }] }, "input[0]");
    for (const ask of [
      () => client.responses.retrieve("resp_1"),
      () => client.responses.delete("resp_1"),
      () => client.responses.cancel("resp_1"),
      () => client.responses.inputItems.list("resp_1"),
    ]) {
      await assert.rejects(ask, (error: unknown) => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.equal(error.code, "responses_not_kept");
        assert.match(error.message, KEPT);
        return true;
      });
    }
    assert.equal(stack.provider.log.entries().length, calls);
  });

  it("refuses tools that run at the provider under a hard budget, before anybody is asked", async () => {
    const calls = stack.provider.log.entries().length;
    const asked = (provider: ProviderName) =>
      openaiClient(stack).responses.create({
        ...{ model: `${provider}/scripted-1`, input: "hi", tools: [{ type: "web_search" as const }] },
      });
    await assert.rejects(asked("openai"), (error: unknown) => {
      assert.ok(error instanceof OpenAI.PermissionDeniedError);
      assert.equal(error.code, "hold_unbounded");
      return true;
    });
    assert.equal(stack.provider.log.entries().length, calls);
  });

  it("names what another provider has no place for: dropped where it may be, refused where it may not", async () => {
    play({});
    const client = openaiClient(stack);
    const asked = { model: "claude/scripted-1", input: "hi" };
    const { response } = await client.responses.create({ ...asked, text: { verbosity: "low" } }).withResponse();
    assert.equal(response.headers.get("x-waybill-dropped"), "text.verbosity");
    const custom = { type: "custom" as const, name: "apply" };
    await assert.rejects(client.responses.create({ ...asked, tools: [custom] }), (error: unknown) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.code, error.param], ["not_translatable", "tools[0]"]);
      return true;
    });
    unsent += 1;
  });

  it("tells errors in OpenAI's words: key, field, unknown model", async () => {
    const create = (fields: object, key = stack.keys.support_1) =>
      openaiClient(stack, key).responses.create({ model: "openai/scripted-1", input: "hi", ...fields });
    await assert.rejects(create({}, "wb_nobody_0000000000000000"), { status: 401, code: "invalid_api_key" });
    await assert.rejects(create({ input: 7 }), { status: 400, code: "invalid_value", param: "input" });
    await assert.rejects(create({ model: "nobody/has-it" }), { status: 404, code: "model_not_found" });
  });

  it("books a million tokens and more exactly, at the price of the tier they reach", async () => {
    const admin = adminOf(stack);
    const rates = (input: string, output: string) => ({ input, output, cachedInput: "0.1", cacheWrite5m: "1.25" });
    const tiers = [rates("1", "4"), { aboveInputTokens: 200_000, ...rates("2", "6") }];
    const saved = {
      upstreamModel: "scripted-1",
      contextWindowTokens: 4_000_000,
      maxOutputTokens: 4_096,
      prices: [{ tiers }],
    };
    assert.equal((await admin("PUT", "/api/v1/models/openai/tiered", saved)).status, 200);
    // A picture's tokens have nothing to do with the bytes of a request; a text's are at most as many.
    const picture = [{ type: "input_image", image_url: "https://example.com/a.png" }];
    const long = "word ".repeat(260_000);
    const cases: [content: unknown, input: bigint, inputRate: bigint, outputRate: bigint][] = [
      [picture, 1_234_567n, 2_000_000n, 6_000_000n],
      [long, 1_048_577n, 2_000_000n, 6_000_000n],
      [long, 200_000n, 1_000_000n, 4_000_000n],
      [long, 200_001n, 2_000_000n, 6_000_000n],
    ];
    for (const [content, input, inputRate, outputRate] of cases) {
      play({ inputTokens: Number(input), cachedInputTokens: 100_000, cacheWriteTokens: 50_000, outputTokens: 7 });
      const body = JSON.stringify({
        model: "openai/tiered",
        input: [{ role: "user", content }],
        max_output_tokens: 10,
      });
      const answer = await eventually(
        async () => {
          const one = await post(body);
          return one.status === 404 || one.status === 503 ? undefined : one;
        },
        { reason: "the model is served", timeoutMs: 5_000 },
      );
      assert.equal(answer.status, 200, await answer.text());
      const row = await booked(answer.headers.get("x-request-id"));
      assert.deepEqual([row.input_tokens, row.suspect], [input, false]);
      const cost = (input - 150_000n) * inputRate + 100_000n * 100_000n + 50_000n * 1_250_000n + 7n * outputRate;
      assert.equal(parseUsd(row.cost_usd ?? ""), cost);
    }
  });

  it("is on the books, call by call", async () => {
    await booksAreRight(stack, { attempts: stack.provider.log.entries().length + unsent, timeoutMs: 30_000 });
  });
});
