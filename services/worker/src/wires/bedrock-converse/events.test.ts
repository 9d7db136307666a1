// Events as ConverseStreamOutput has them, in the SDK's types.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import type { ConverseStreamOutput } from "@aws-sdk/client-bedrock-runtime";
import type { AnswerEvent } from "@waybill/surfaces";
import fc from "fast-check";
import { ConverseEvents, readAnswerEvents } from "./events.ts";

function message(headers: Record<string, string>, payload: unknown): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([7, 0, value.length]),
        Buffer.from(value),
      ]),
    ),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const bytes = Buffer.alloc(16 + head.length + body.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(head.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  head.copy(bytes, 12);
  body.copy(bytes, 12 + head.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

const bytesOf = (events: readonly ConverseStreamOutput[]): Buffer =>
  Buffer.concat(
    events.flatMap((event) =>
      Object.entries(event).map(([type, payload]) =>
        message({ ":event-type": type, ":content-type": "application/json", ":message-type": "event" }, payload),
      ),
    ),
  );

const delta = (contentBlockIndex: number, given: NonNullable<ConverseStreamOutput["contentBlockDelta"]>["delta"]) => ({
  contentBlockDelta: { contentBlockIndex, delta: given },
});
const stop = (contentBlockIndex: number) => ({ contentBlockStop: { contentBlockIndex } });
const toolUse = (contentBlockIndex: number, toolUseId: string, name: string) => ({
  contentBlockStart: { contentBlockIndex, start: { toolUse: { toolUseId, name } } },
});
const figures = { inputTokens: 10, outputTokens: 7, totalTokens: 17 };
const metadata = { metadata: { usage: figures, metrics: { latencyMs: 5 } } };
const whole: ConverseStreamOutput[] = [
  { messageStart: { role: "assistant" } },
  delta(0, { reasoningContent: { text: "Let me see." } }),
  delta(0, { reasoningContent: { signature: "c2ln" } }),
  stop(0),
  delta(1, { text: "Köln " }),
  stop(1),
  toolUse(2, "t1", "look_up"),
  delta(2, { toolUse: { input: '{"city":' } }),
  delta(2, { toolUse: { input: '"Köln"}' } }),
  stop(2),
  toolUse(3, "t2", "add"),
  stop(3),
  { messageStop: { stopReason: "tool_use" } },
  metadata,
] as ConverseStreamOutput[];

function read(bytes: Buffer, cuts: readonly number[] = []): AnswerEvent[] {
  const reader = new ConverseEvents();
  const places = [0, ...cuts, bytes.length];
  const events = places.slice(1).flatMap((to, index) => reader.push(bytes.subarray(places[index], to)));
  return [...events, ...reader.end()];
}

const usage = {
  ...{ input: 10n, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n },
  output: 7n,
  reasoningOutput: 0n,
};
const expected: AnswerEvent[] = [
  { kind: "begin", id: "", model: "" },
  { kind: "reasoning", choice: 0, text: "Let me see." },
  { kind: "reasoning_signature", choice: 0, signature: "c2ln" },
  { kind: "text", choice: 0, text: "Köln " },
  { kind: "tool_call", choice: 0, call: 0, id: "t1", name: "look_up" },
  { kind: "tool_arguments", choice: 0, call: 0, json: '{"city":' },
  { kind: "tool_arguments", choice: 0, call: 0, json: '"Köln"}' },
  { kind: "tool_call", choice: 0, call: 1, id: "t2", name: "add" },
  { kind: "tool_arguments", choice: 0, call: 1, json: "{}" },
  { kind: "finish", choice: 0, reason: "tool_calls", stopSequence: "" },
  { kind: "usage", usage },
  { kind: "end" },
];

test("a stream says thoughts, text, calls and figures, and is over with its metadata", () => {
  assert.deepEqual(read(bytesOf(whole)), expected);
});

test("cut anywhere it says the same", () => {
  const bytes = bytesOf(whole);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      assert.deepEqual(
        read(
          bytes,
          cuts.sort((a, b) => a - b),
        ),
        expected,
      );
    }),
  );
});

test("ended at every byte it is cut off, but between its stop and its figures", () => {
  const bytes = bytesOf(whole);
  const stopped = bytesOf(whole.slice(0, -1)).length;
  for (let end = 0; end < bytes.length; end += 1) {
    const last = read(bytes.subarray(0, end)).at(-1);
    if (end === stopped) assert.equal(last?.kind, "end");
    else assert.ok(last?.kind === "failure" && last.code === "upstream_truncated", `ended at byte ${end}`);
  }
});

test("an exception ends the stream, and so does an error without a name", () => {
  const begun = bytesOf(whole.slice(0, 5));
  const lastOf = (headers: Record<string, string>) =>
    read(Buffer.concat([begun, message(headers, { message: "m" })])).at(-1);
  const throttled = lastOf({ ":message-type": "exception", ":exception-type": "throttlingException" });
  assert.ok(throttled?.kind === "failure" && throttled.code === "upstream_rate_limited");
  const failed = lastOf({ ":message-type": "error", ":error-code": "InternalFailure", ":error-message": "m" });
  assert.ok(failed?.kind === "failure" && failed.code === "upstream_error");
});

test("each reason has its word; broken output is no answer, behind the figures that are billed", () => {
  const endOf = (stopReason: string) =>
    read(bytesOf([delta(0, { text: "a" }), { messageStop: { stopReason } }, metadata] as ConverseStreamOutput[]));
  for (const [given, reason] of [
    ["end_turn", "stop"],
    ["max_tokens", "length"],
    ["stop_sequence", "stop_sequence"],
    ["guardrail_intervened", "content_filter"],
    ["content_filtered", "content_filter"],
    ["model_context_window_exceeded", "context_full"],
    ["something_new", { other: "something_new" }],
  ] as const) {
    const finish = endOf(given).find(({ kind }) => kind === "finish");
    assert.deepEqual(finish?.kind === "finish" && finish.reason, reason, given);
  }
  const broken = endOf("malformed_tool_use").map((event) => (event.kind === "failure" ? event.code : event.kind));
  assert.deepEqual(broken, ["begin", "text", "usage", "upstream_error"]);
});

test("which stop text it was, where the model says it; thoughts that are sealed", () => {
  const more = { additionalModelResponseFields: { stop_sequence: "END" } };
  const events = read(
    bytesOf([
      delta(0, { reasoningContent: { redactedContent: "c2VhbGVk" } } as never),
      { messageStop: { stopReason: "stop_sequence", ...more } },
      metadata,
    ] as ConverseStreamOutput[]),
  );
  assert.deepEqual(events.slice(1, 3), [
    { kind: "reasoning_sealed", choice: 0, sealed: "c2VhbGVk" },
    { kind: "finish", choice: 0, reason: "stop_sequence", stopSequence: "END" },
  ]);
});

test("a whole answer says the same as a stream; what is none is refused", () => {
  const answer = {
    output: {
      message: {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "Let me see.", signature: "c2ln" } } },
          { text: "Köln " },
          { toolUse: { toolUseId: "t1", name: "look_up", input: { city: "Köln" } } },
          { toolUse: { toolUseId: "t2", name: "add", input: {} } },
        ],
      },
    },
    stopReason: "tool_use",
    usage: figures,
  };
  const events = readAnswerEvents(Buffer.from(JSON.stringify(answer)));
  const joined = expected.flatMap((event): AnswerEvent[] => {
    if (event.kind !== "tool_arguments" || event.call !== 0) return [event];
    return event.json.startsWith("{") ? [{ ...event, json: '{"city":"Köln"}' }] : [];
  });
  const order = (list: AnswerEvent[]) =>
    list
      .map((event) => JSON.stringify(event, (_, value) => (typeof value === "bigint" ? String(value) : value)))
      .sort();
  assert.deepEqual(order(events), order(joined));
  for (const body of ["", "[]", "{}", '{"output":{}}']) {
    assert.throws(() => readAnswerEvents(Buffer.from(body)), { code: "upstream_malformed" }, body);
  }
});
