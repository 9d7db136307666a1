// Any conversation of any surface, to any provider and back again: words, tools and roles survive, and whatever a client or a provider
// writes, nothing is thrown but what is expected, and no answer that was cut looks whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { type Conversation, SURFACES, type Surface, surfaceNamed } from "@waybill/surfaces";
import { fuzzParameters } from "@waybill/testing";
import { Waybill } from "@waybill/wire";
import fc from "fast-check";
import { DIALECTS } from "../providers/dialects.ts";
import type { Exchange } from "../providers/provider.ts";

type Json = Record<string, unknown>;
const SETTINGS = { host: "bedrock-runtime.eu-central-1.amazonaws.com", region: "eu-central-1", apiVersion: "" };
/** Nothing but space is no word: some dialects refuse such parts, so they are left out. */
const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => text.trim() !== "");
/** Gemini and Bedrock are given a result that is JSON as what it says, a number as a number. */
const isNoJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
};
const toolName = fc.constantFrom("look_up", "add", "send");
const args = fc
  .dictionary(fc.constantFrom("city", "a", "b c", "ä"), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true })
  // Refused at the front door, at any depth.
  .filter((value) => !JSON.stringify(value).includes('"__proto__":'));

/** What is said, in nobody's words. */
interface Round {
  user: string;
  answer: string | undefined;
  calls: { name: string; args: Json; result: string }[];
}
interface Talk {
  system: string | undefined;
  rounds: Round[];
  last: string;
}
const talk: fc.Arbitrary<Talk> = fc.record({
  system: fc.option(words, { nil: undefined }),
  rounds: fc.array(
    fc
      .record({
        user: words,
        answer: fc.option(words, { nil: undefined }),
        calls: fc.array(fc.record({ name: toolName, args, result: words.filter(isNoJson) }), { maxLength: 3 }),
      })
      .filter(({ answer, calls }) => answer !== undefined || calls.length > 0),
    { maxLength: 3 },
  ),
  last: words,
});

const TOOLS = ["look_up", "add", "send"];
const parameters = { type: "object", properties: {} };
const callId = (round: number, call: number): string => `call_${round}_${call}`;

/** A talk as each surface says it. */
const WRITERS: Readonly<Record<string, (talk: Talk) => Json>> = {
  "openai-chat": ({ system, rounds, last }) => ({
    model: "a/b",
    tools: TOOLS.map((name) => ({ type: "function", function: { name, description: `does ${name}`, parameters } })),
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      ...rounds.flatMap(({ user, answer, calls }, round) => [
        { role: "user", content: user },
        {
          role: "assistant",
          content: answer ?? null,
          ...(calls.length > 0 && {
            tool_calls: calls.map(({ name, args: given }, call) => ({
              ...{ id: callId(round, call), type: "function" },
              function: { name, arguments: JSON.stringify(given) },
            })),
          }),
        },
        ...calls.map(({ result }, call) => ({ role: "tool", tool_call_id: callId(round, call), content: result })),
      ]),
      { role: "user", content: last },
    ],
  }),
  "anthropic-messages": ({ system, rounds, last }) => ({
    ...{ model: "a/b", max_tokens: 10, ...(system !== undefined && { system }) },
    tools: TOOLS.map((name) => ({ name, description: `does ${name}`, input_schema: parameters })),
    messages: [
      ...rounds.flatMap(({ user, answer, calls }, round) => [
        { role: "user", content: user },
        {
          role: "assistant",
          content: [
            ...(answer === undefined ? [] : [{ type: "text", text: answer }]),
            ...calls.map(({ name, args: input }, call) => ({ type: "tool_use", id: callId(round, call), name, input })),
          ],
        },
        ...(calls.length === 0
          ? []
          : [
              {
                role: "user",
                content: calls.map(({ result }, call) => ({
                  ...{ type: "tool_result", tool_use_id: callId(round, call), content: result },
                })),
              },
            ]),
      ]),
      { role: "user", content: last },
    ],
  }),
  "openai-responses": ({ system, rounds, last }) => ({
    ...{ model: "a/b", ...(system !== undefined && { instructions: system }) },
    tools: TOOLS.map((name) => ({ type: "function", name, description: `does ${name}`, parameters })),
    input: [
      ...rounds.flatMap(({ user, answer, calls }, round) => [
        { role: "user", content: user },
        ...(answer === undefined
          ? []
          : [
              { type: "message", role: "assistant", content: [{ type: "output_text", text: answer, annotations: [] }] },
            ]),
        ...calls.map(({ name, args: given }, call) => ({
          ...{ type: "function_call", call_id: callId(round, call), name, arguments: JSON.stringify(given) },
        })),
        ...calls.map(({ result }, call) => ({
          ...{ type: "function_call_output", call_id: callId(round, call), output: result },
        })),
      ]),
      { role: "user", content: last },
    ],
  }),
  "openai-completions": ({ last }) => ({ model: "a/b", prompt: last }),
};
/** It has one text and nothing else to say. */
const PROMPT_ALONE = "openai-completions";

/** The surface whose words a provider of this dialect is asked in; undefined: it has words of its own. */
function spokenAt(dialect: string, surface: Surface): Surface | undefined {
  if (dialect === "anthropic") return surfaceNamed("anthropic-messages");
  const own: Readonly<Record<string, readonly string[]>> = {
    "openai-compatible": ["openai-chat", PROMPT_ALONE],
    "azure-openai": ["openai-chat", PROMPT_ALONE],
    openai: ["openai-chat", PROMPT_ALONE, "openai-responses"],
  };
  const names = own[dialect];
  return names && surfaceNamed(names.includes(surface.name) ? surface.name : "openai-chat");
}

/** Surfaces whose requests can be translated at all. */
const TRANSLATED = SURFACES.filter(({ translation }) => translation);
const PAIRS = TRANSLATED.flatMap((surface) =>
  [...DIALECTS].flatMap(([dialect, provider]) => {
    const exchange = provider.exchange(surface.name, SETTINGS);
    return exchange ? [{ surface, dialect, exchange }] : [];
  }),
);

function waybillOf(surface: Surface, body: Buffer, stream = false): Waybill {
  const read = surface.readRequest(body);
  return Waybill.fromPartial({
    ...{ attemptId: "r.1", surface: surface.name, stream, spans: [...read.fields.values()], insertAt: read.insertAt },
    ...{ choiceCount: 1, maxOutputTokens: 100n, body, bodyBytes: body.length },
    target: { provider: "p", model: "m", upstreamModel: "anthropic.claude-sonnet-4-5" },
  });
}

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const canonical = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What is said and who says it, in order. Calls of one turn belong to it wherever they stand among its words. */
function gistOf({ system, turns }: Conversation): unknown {
  const said: unknown[] = system.map(({ text }) => ["system", text]);
  for (const { role, parts } of turns) {
    for (const part of parts) {
      if (part.kind === "text") said.push([role, part.text]);
      if (part.kind === "tool_call") said.push(["call", part.id, part.name, JSON.parse(part.argumentsJson)]);
      if (part.kind !== "tool_result") continue;
      said.push([
        "result",
        part.callId,
        part.parts.map((each) => (each.kind === "text" ? each.text : each.kind)).join(),
      ]);
    }
  }
  return canonical(said);
}

/** All texts of a body, and all objects as arguments may be, wherever they stand. */
function textsOf(value: unknown, found: string[] = []): string[] {
  if (typeof value === "string") found.push(value);
  else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) textsOf(inner, found);
  return found;
}

for (const { surface, dialect, exchange } of PAIRS) {
  test(`${surface.name} to ${dialect}: words, calls, results and roles arrive, in their order`, () => {
    const write = WRITERS[surface.name] ?? assert.fail(`say in this test how ${surface.name} writes a talk`);
    fc.assert(
      fc.property(talk, (whole) => {
        const said = surface.name === PROMPT_ALONE ? { system: undefined, rounds: [], last: whole.last } : whole;
        const body = bytesOf(write(said));
        const request = exchange.request(waybillOf(surface, body), body);
        const written = JSON.parse(Buffer.from(request.body).toString()) as Json;
        // A provider that speaks a surface's own format can be read back by it.
        const spoken = spokenAt(dialect, surface);
        const tools = surface.name === PROMPT_ALONE ? [] : TOOLS;
        if (spoken) {
          const there = surface.translation?.readConversation(JSON.parse(body.toString()) as Json) ?? assert.fail();
          const back = spoken.translation?.readConversation(written) ?? assert.fail();
          assert.deepEqual(gistOf(back), gistOf(there));
          assert.deepEqual(
            back.tools.map(({ name }) => name),
            tools,
          );
          return;
        }
        const texts = textsOf(written);
        let from = 0;
        for (const word of spokenIn(said)) {
          const at = texts.indexOf(word, from);
          assert.ok(at >= 0 || texts.includes(word), `${JSON.stringify(word)} is lost: ${JSON.stringify(written)}`);
          if (at >= 0) from = at;
        }
        const { functionCalls, names } = callsIn(written);
        const calls = said.rounds.flatMap((round) => round.calls);
        assert.deepEqual(functionCalls, canonical(calls.map((call) => [call.name, call.args])));
        assert.deepEqual(names, tools);
      }),
      fuzzParameters(100),
    );
  });
}

const spokenIn = ({ system, rounds, last }: Talk): string[] => [
  ...(system === undefined ? [] : [system]),
  ...rounds.flatMap(({ user, answer, calls }) => [
    ...[user, ...(answer === undefined ? [] : [answer])],
    ...calls.map(({ result }) => result),
  ]),
  last,
];

/** Calls and tools of Gemini's and Bedrock's bodies. */
function callsIn(body: Json): { functionCalls: unknown[]; names: unknown[] } {
  const functionCalls: unknown[] = [];
  const names: unknown[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { functionCall, toolUse, toolSpec, functionDeclarations } = value as Record<string, Json | undefined>;
    if (functionCall) functionCalls.push([functionCall.name, functionCall.args ?? {}]);
    else if (toolUse) functionCalls.push([toolUse.name, toolUse.input]);
    else if (toolSpec) names.push(toolSpec.name);
    else if (Array.isArray(functionDeclarations)) names.push(...functionDeclarations.map(({ name }: Json) => name));
    else for (const inner of Object.values(value)) walk(inner);
  };
  walk(body);
  return { functionCalls, names };
}

/** Puts `value` at one place of a document, chosen by `at`. */
function mutated(document: unknown, at: number, value: unknown): unknown {
  const copy = canonical(document);
  const places: [container: Json, key: string][] = [];
  const walk = (inner: unknown): void => {
    if (typeof inner !== "object" || inner === null) return;
    for (const key of Object.keys(inner)) {
      places.push([inner as Json, key]);
      walk((inner as Json)[key]);
    }
  };
  walk(copy);
  const place = places[at % Math.max(1, places.length)];
  if (place) place[0][place[1]] = value;
  return copy;
}

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    1e300,
    true,
    [],
    {},
    [null],
    [[]],
    "\ud800",
    { type: "text" },
    "tool",
    "x/y",
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const changes = fc.array(fc.tuple(fc.nat(), oddValue), { minLength: 1, maxLength: 3 });

for (const { surface, dialect, exchange } of PAIRS) {
  test(`${surface.name} to ${dialect}: a request that is odd anywhere is written, or refused by a code with its field`, () => {
    const write = WRITERS[surface.name] ?? assert.fail();
    fc.assert(
      fc.property(talk, changes, (said, odd) => {
        const body = bytesOf(odd.reduce<unknown>((document, [at, value]) => mutated(document, at, value), write(said)));
        const refused = refusalOf(() => {
          const request = exchange.request(waybillOf(surface, body), body);
          JSON.parse(Buffer.from(request.body).toString());
        });
        if (refused) {
          assert.match(refused.code, /^invalid_(value|json)$/);
          assert.ok(refused.code === "invalid_json" || refused.param || refused.publicMessage.length > 10);
        }
      }),
      fuzzParameters(200),
    );
  });
}

/** The expected error; undefined: none was thrown. Any other is thrown on. */
function refusalOf(work: () => void): WaybillError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof WaybillError) return error;
    throw error;
  }
}

const sse = (values: readonly unknown[], end = ""): Buffer =>
  Buffer.from(values.map((value) => eventOf(value)).join("") + end);
const eventOf = (value: unknown): string => {
  const type = (value as Json | null)?.type;
  return `${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(value)}\n\n`;
};
const chunk = (delta: object, finish: string | null = null): Json => ({
  ...{ id: "c1", object: "chat.completion.chunk", created: 1, model: "m" },
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const ARGUMENTS = '{"city":"Köln"}';
const candidate = (parts: object[], more: object = {}): Json => ({
  ...{ responseId: "r", modelVersion: "m" },
  candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
});
const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 8 };

/** A whole answer of each format, streamed and plain. It says FIRST, then LAST, then calls a tool. */
const [FIRST, LAST] = ["first words", "last words"];
interface Sample {
  stream: unknown[];
  end: string;
  plain: Json;
}
const CHAT: Sample = {
  stream: [
    chunk({ role: "assistant", content: FIRST }),
    chunk({ content: LAST }),
    chunk({ tool_calls: [{ index: 0, id: "t", type: "function", function: { name: "add", arguments: ARGUMENTS } }] }),
    chunk({}, "tool_calls"),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } },
  ],
  end: "data: [DONE]\n\n",
  plain: {
    ...{ id: "c1", object: "chat.completion", created: 1, model: "m" },
    choices: [
      {
        ...{ index: 0, finish_reason: "tool_calls" },
        message: {
          ...{ role: "assistant", content: `${FIRST}${LAST}` },
          tool_calls: [{ id: "t", type: "function", function: { name: "add", arguments: ARGUMENTS } }],
        },
      },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
  },
};
const usage = { input_tokens: 5, output_tokens: 3 };
const delta = (index: number, given: object): Json => ({ type: "content_block_delta", index, delta: given });
const SAMPLES: Readonly<Record<string, Sample>> = {
  "openai-compatible": CHAT,
  "azure-openai": CHAT,
  anthropic: {
    stream: [
      { type: "message_start", message: { id: "msg_1", model: "m", role: "assistant", content: [], usage } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      delta(0, { type: "text_delta", text: FIRST }),
      delta(0, { type: "text_delta", text: LAST }),
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "t", name: "add", input: {} } },
      delta(1, { type: "input_json_delta", partial_json: ARGUMENTS }),
      { type: "content_block_stop", index: 1 },
      { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage },
      { type: "message_stop" },
    ],
    end: "",
    plain: {
      ...{ id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason: "tool_use", stop_sequence: null },
      content: [
        { type: "text", text: `${FIRST}${LAST}` },
        { type: "tool_use", id: "t", name: "add", input: JSON.parse(ARGUMENTS) },
      ],
      usage,
    },
  },
  gemini: {
    stream: [
      candidate([{ text: FIRST }]),
      candidate([{ text: LAST }]),
      candidate([{ functionCall: { name: "add", args: JSON.parse(ARGUMENTS) } }]),
      { ...candidate([{ text: "" }], { finishReason: "STOP" }), usageMetadata },
    ],
    end: "",
    plain: {
      ...candidate([{ text: `${FIRST}${LAST}` }, { functionCall: { name: "add", args: JSON.parse(ARGUMENTS) } }], {
        finishReason: "STOP",
      }),
      usageMetadata,
    },
  },
};
const text = `${FIRST}${LAST}`;
const message = { type: "message", id: "msg_1", status: "completed", role: "assistant" };
const part = { type: "output_text", text, annotations: [] };
const call = {
  type: "function_call",
  id: "fc_1",
  call_id: "t",
  name: "add",
  arguments: ARGUMENTS,
  status: "completed",
};
const response = { id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", error: null };
const responsesUsage = { input_tokens: 5, output_tokens: 3, total_tokens: 8 };
/** OpenAI's own Responses, numbered as they are sent. */
const RESPONSES: Sample = {
  stream: [
    { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
    { type: "response.output_item.added", output_index: 0, item: { ...message, status: "in_progress", content: [] } },
    { type: "response.content_part.added", output_index: 0, content_index: 0, part: { ...part, text: "" } },
    { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: FIRST },
    { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: LAST },
    { type: "response.output_text.done", output_index: 0, content_index: 0, text },
    { type: "response.output_item.done", output_index: 0, item: { ...message, content: [part] } },
    { type: "response.output_item.added", output_index: 1, item: { ...call, arguments: "", status: "in_progress" } },
    { type: "response.function_call_arguments.delta", output_index: 1, delta: ARGUMENTS },
    { type: "response.output_item.done", output_index: 1, item: call },
    {
      type: "response.completed",
      response: { ...response, output: [{ ...message, content: [part] }, call], usage: responsesUsage },
    },
  ].map((event, sequence_number) => ({ ...event, sequence_number })),
  end: "",
  plain: { ...response, output: [{ ...message, content: [part] }, call], usage: responsesUsage },
};
const completion = (said: string, finish: string | null = null): Json => ({
  ...{ id: "cmpl_1", object: "text_completion", created: 1, model: "m" },
  choices: [{ index: 0, text: said, logprobs: null, finish_reason: finish }],
});
const COMPLETION: Sample = {
  stream: [
    completion(FIRST),
    completion(LAST),
    completion("", "stop"),
    { ...completion(""), choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } },
  ],
  end: "data: [DONE]\n\n",
  plain: { ...completion(text, "stop"), usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } },
};

/** What a provider of this dialect answers when it is asked by this surface. */
function sampleOf(dialect: string, surface: Surface): Sample | undefined {
  const spoken = spokenAt(dialect, surface)?.name;
  if (spoken === "openai-responses") return RESPONSES;
  return spoken === PROMPT_ALONE ? COMPLETION : (SAMPLES[dialect] ?? (spoken && CHAT));
}

/** Bedrock's stream is binary: its cuts are in bytes.fuzz.test.ts and beside its wire. */
const PLAIN_ALONE: Readonly<Record<string, Json>> = {
  bedrock: {
    output: {
      message: {
        role: "assistant",
        content: [
          { text: `${FIRST}${LAST}` },
          { toolUse: { toolUseId: "t", name: "add", input: JSON.parse(ARGUMENTS) } },
        ],
      },
    },
    ...{ stopReason: "tool_use", usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8 } },
  },
};

const END_MARKS = /data: \[DONE\]|event: message_stop|"type":"response\.completed"/;

interface Told {
  text: string;
  isComplete: boolean;
  failed: boolean;
}

/** What a client is told of a stream that came in these pieces and then ended. */
function relay(surface: Surface, exchange: Exchange, bytes: Buffer, at: readonly number[]): Told {
  const body = bytesOf(WRITERS[surface.name]?.({ system: undefined, rounds: [], last: "hi" }));
  const reader = exchange.readStream(waybillOf(surface, body, true), 0);
  const edges = [0, ...at.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const steps = [];
  for (const [index, edge] of edges.slice(1).entries()) {
    steps.push(reader.push(bytes.subarray(edges[index], edge)));
    if (steps.at(-1)?.failure || steps.at(-1)?.isComplete) break;
  }
  if (!steps.at(-1)?.failure && !steps.some(({ isComplete }) => isComplete)) steps.push(reader.end());
  const text = Buffer.concat(steps.flatMap((step) => step.bytes)).toString();
  const isComplete = steps.some((step) => step.isComplete);
  return {
    text: isComplete ? text + Buffer.from(reader.tail(undefined)).toString() : text,
    isComplete,
    failed: steps.some(({ failure }) => failure !== undefined),
  };
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

for (const { surface, dialect, exchange } of PAIRS) {
  const sample = sampleOf(dialect, surface);
  // Nobody calls a tool for a prompt that offers none; what is told of one that does is of no interest.
  const told = surface.name === PROMPT_ALONE ? [FIRST, LAST] : [FIRST, LAST, "add"];
  const plain = sample?.plain ?? PLAIN_ALONE[dialect] ?? assert.fail(`say in this test what ${dialect} answers`);

  test(`${dialect} to ${surface.name}: a plain answer arrives, and one that is odd anywhere is an expected error`, () => {
    const body = bytesOf(WRITERS[surface.name]?.({ system: undefined, rounds: [], last: "hi" }));
    const waybill = waybillOf(surface, body);
    const whole = exchange.readAnswer(bytesOf(plain), waybill, 0);
    assert.ok("bytes" in whole);
    const answer = Buffer.from(whole.bytes).toString();
    const parts = surface.name === PROMPT_ALONE ? [text] : [text, "add", "Köln"];
    for (const said of parts) assert.ok(answer.includes(said), answer);
    fc.assert(
      fc.property(changes, (odd) => {
        const answer = odd.reduce<unknown>((document, [at, value]) => mutated(document, at, value), plain);
        const refused = refusalOf(() => {
          const read = exchange.readAnswer(bytesOf(answer), waybill, 0);
          if ("bytes" in read) JSON.parse(Buffer.from(read.bytes).toString());
        });
        if (refused) assert.equal(refused.code, "upstream_malformed");
      }),
      fuzzParameters(200),
    );
  });

  if (!sample) continue;
  const bytes = sse(sample.stream, sample.end);

  test(`${dialect} to ${surface.name}: a stream is the same wherever it is cut, and one that ends early never looks whole`, () => {
    const whole = relay(surface, exchange, bytes, []);
    assert.deepEqual([whole.isComplete, whole.failed], [true, false]);
    for (const said of told) assert.ok(whole.text.includes(said), whole.text);
    fc.assert(
      fc.property(cuts, fc.nat(bytes.length), (at, length) => {
        assert.deepEqual(relay(surface, exchange, bytes, at), whole);
        const early = relay(surface, exchange, bytes.subarray(0, length), at);
        if (early.isComplete) for (const said of told) assert.ok(early.text.includes(said), early.text);
        else assert.ok(early.failed && !END_MARKS.test(early.text), early.text);
      }),
      fuzzParameters(100),
    );
  });

  test(`${dialect} to ${surface.name}: a stream that is odd anywhere ends in one way, and nothing is thrown`, () => {
    fc.assert(
      fc.property(changes, cuts, (odd, at) => {
        const stream = odd.reduce<unknown>(
          (document, [place, value]) => mutated(document, place, value),
          sample.stream,
        );
        const { isComplete, failed, text } = relay(surface, exchange, sse(stream as unknown[], sample.end), at);
        assert.notEqual(isComplete, failed);
        if (failed) assert.ok(!END_MARKS.test(text), text);
      }),
      fuzzParameters(200),
    );
  });
}
