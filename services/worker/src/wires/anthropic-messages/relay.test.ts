import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MessagesEvents, readAnswerEvents } from "./events.ts";
import { MessagesStream, readAnswer } from "./relay.ts";

const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const delta = (index: number, fields: object): string => event("content_block_delta", { index, delta: fields });
const START = event("message_start", {
  message: { id: "msg_1", model: "up", usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 1 } },
});
const BODY = [
  event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  event("ping", {}),
  delta(0, { type: "text_delta", text: "hello wörld" }),
  event("content_block_stop", { index: 0 }),
  event("content_block_start", { index: 1, content_block: { type: "tool_use", id: "t", name: "f", input: {} } }),
  delta(1, { type: "input_json_delta", partial_json: '{"a":"b"}' }),
  event("content_block_stop", { index: 1 }),
];
const SUMS = { input_tokens: 7, cache_read_input_tokens: 3, cache_creation_input_tokens: 2, output_tokens: 9 };
const DELTA = event("message_delta", { delta: { stop_reason: "tool_use", stop_sequence: null }, usage: SUMS });
const STOP = event("message_stop", {});
const WHOLE = [START, ...BODY, DELTA, STOP].join("");

function relay(text: string, cuts: readonly number[] = []) {
  const stream = new MessagesStream();
  const bytes = Buffer.from(text);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const steps = edges.slice(1).map((edge, index) => stream.push(bytes.subarray(edges[index], edge)));
  steps.push(stream.end());
  return {
    stream,
    text: Buffer.concat(steps.flatMap((step) => step.bytes)).toString("utf8"),
    tokens: steps.reduce((sum, step) => sum + step.evidencedTokens, 0),
    isComplete: steps.some((step) => step.isComplete),
    code: steps.find((step) => step.failure)?.failure?.code,
  };
}

test("events pass as they came, but for the last two, which wait for the cost", () => {
  const { stream, text, tokens, isComplete, code } = relay(WHOLE);
  assert.equal(text, [START, ...BODY].join(""));
  assert.deepEqual([isComplete, code, stream.finishReason, tokens], [true, undefined, "tool_use", 6]);
  assert.deepEqual(stream.usage, {
    ...{ input: 12n, cachedInput: 3n, cacheWrite5m: 2n, cacheWrite1h: 0n, output: 9n, reasoningOutput: 0n },
  });
  assert.equal(Buffer.from(stream.tail(undefined)).toString(), DELTA + STOP);
  assert.match(
    Buffer.from(stream.tail('{"cost_usd":"1"}')).toString(),
    /"waybill":\{"cost_usd":"1"\}\}\n\nevent: message_stop\n/,
  );
  assert.equal(Buffer.from(relay([START, ...BODY, DELTA].join("")).stream.tail(undefined)).toString(), DELTA + STOP);
});

test("a stream that is cut behind the name of its last event does not say the name", () => {
  const { text, isComplete, code } = relay(`${[START, ...BODY, DELTA].join("")}event: message_stop\n`);
  assert.equal(text, [START, ...BODY].join(""));
  assert.deepEqual([isComplete, code], [false, "upstream_truncated"]);
  const comment = ": still here\n\n";
  assert.ok(relay([START, ...BODY, comment, DELTA, STOP].join("")).text.endsWith(comment));
});

test("wherever the network cuts, the same comes out, of bytes and of events", () => {
  const whole = relay(WHOLE);
  const eventsOf = (cuts: number[]) => {
    const reader = new MessagesEvents();
    const bytes = Buffer.from(WHOLE);
    const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return [
      ...edges.slice(1).flatMap((edge, index) => reader.push(bytes.subarray(edges[index], edge))),
      ...reader.end(),
    ];
  };
  const events = eventsOf([]);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
      const cut = relay(WHOLE, cuts);
      assert.deepEqual([cut.text, cut.tokens, cut.isComplete], [whole.text, whole.tokens, whole.isComplete]);
      assert.deepEqual(eventsOf(cuts), events);
    }),
  );
});

test("a stream that ends anywhere before its own end is cut off, never whole", () => {
  const bytes = Buffer.from(WHOLE);
  for (let length = 0; length < bytes.length - 2; length += 7) {
    const { isComplete, code } = relay(bytes.subarray(0, length).toString("latin1"));
    assert.deepEqual([isComplete, code], [false, "upstream_truncated"], `after ${length} bytes`);
  }
});

test("nothing is shown before there is content, and an error before it is the provider's refusal", () => {
  const error = (type: string) => event("error", { error: { type, message: "internal: 10.0.0.7" } });
  const overloaded = relay(START + BODY.slice(0, 2).join("") + error("overloaded_error"));
  assert.deepEqual([overloaded.text, overloaded.code, overloaded.stream.hasContent], ["", "upstream_error", false]);
  const limited = relay([START, ...BODY.slice(0, 3)].join("") + error("rate_limit_error") + STOP);
  assert.deepEqual([limited.code, limited.isComplete], ["upstream_rate_limited", false]);
});

test("what cannot be read is malformed, and a stop without a reason is none", () => {
  assert.equal(relay(`${START}event: message_delta\ndata: {"type":\n\n`).code, "upstream_malformed");
  const broken = relay(`${START + BODY.slice(0, 3).join("")}event: content_block_delta\ndata: {"type":"con\n\n`);
  assert.deepEqual([broken.code, broken.text], ["upstream_malformed", START + BODY.slice(0, 3).join("")]);
  assert.equal(relay(START + BODY.join("") + STOP).code, "upstream_truncated");
});

test("an event that is spelled otherwise is read all the same", () => {
  const spaced = WHOLE.replaceAll("event: content_block_delta\n", "").replaceAll(
    '{"type":"content_block_delta",',
    '{ "type" : "content_block_delta" ,',
  );
  assert.deepEqual([relay(spaced).isComplete, relay(spaced).tokens], [true, 6]);
});

test("a plain answer passes, an error object in it is a failure, anything else is malformed", () => {
  const message = {
    type: "message",
    id: "m",
    content: [{ type: "text", text: "hi" }],
    stop_reason: "end_turn",
    usage: SUMS,
  };
  const bytes = Buffer.from(JSON.stringify(message));
  const read = readAnswer(bytes);
  assert.ok(!("failure" in read));
  assert.deepEqual([read.bytes, read.usage?.output, read.finishReason], [bytes, 9n, "end_turn"]);
  assert.deepEqual(
    readAnswerEvents(bytes).map(({ kind }) => kind),
    ["begin", "text", "usage", "finish", "end"],
  );
  const error = Buffer.from(JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "x" } }));
  const failed = readAnswer(error);
  assert.ok("failure" in failed && failed.failure.message === "The provider is overloaded.");
  for (const text of ["", "[]", "{}", '{"content":7}']) {
    assert.throws(() => readAnswer(Buffer.from(text)), { code: "upstream_malformed" });
  }
});

test("a stop reason that says the message broke off is no end, shown or not, and what it used is read", () => {
  const broken = DELTA.replace("tool_use", "error");
  const seen = relay([START, ...BODY, broken, STOP].join(""));
  assert.deepEqual([seen.text, seen.isComplete, seen.code], [[START, ...BODY].join(""), false, "upstream_truncated"]);
  assert.deepEqual([seen.stream.awaits, seen.stream.usage?.output], ["usage", 9n]);
  const unseen = relay(START + broken + STOP);
  assert.deepEqual([unseen.text, unseen.code], ["", "upstream_truncated"]);
  const message = { type: "message", content: [{ type: "text", text: "hi" }], stop_reason: "error", usage: SUMS };
  const plain = Buffer.from(JSON.stringify(message));
  const failed = readAnswer(plain);
  assert.ok("failure" in failed && failed.failure.code === "upstream_truncated" && failed.usage?.output === 9n);
  assert.ok(readAnswerEvents(plain).some(({ kind }) => kind === "broken"));
});
