// Answers as GenerateContentResponse has them, in the types of @google/genai.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GenerateContentResponse, Part } from "@google/genai";
import type { AnswerEvent } from "@waybill/surfaces";
import fc from "fast-check";
import { GeminiEvents, readAnswerEvents } from "./events.ts";

type Response = Partial<Omit<GenerateContentResponse, "candidates">> & { candidates?: object[]; error?: object };

const names = { responseId: "resp-1", modelVersion: "gemini-2.5-flash" };
const piece = (parts: Part[], more: object = {}, rest: Response = {}): Response => ({
  ...names,
  candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
  ...rest,
});
const usage = { promptTokenCount: 10, candidatesTokenCount: 4, totalTokenCount: 17, thoughtsTokenCount: 3 };
const whole = [
  piece(
    [{ text: "Let me see.", thought: true }],
    {},
    { usageMetadata: { promptTokenCount: 10, thoughtsTokenCount: 3 } },
  ),
  piece([{ text: "Köln " }]),
  piece([{ functionCall: { id: "f1", name: "look_up", args: { city: "Köln" } }, thoughtSignature: "c2ln" }]),
  piece([{ functionCall: { name: "add", args: {} } }]),
  piece([{ text: "" }], { finishReason: "STOP" }, { usageMetadata: usage }),
];
const bytesOf = (responses: readonly Response[]): Buffer =>
  Buffer.from(responses.map((response) => `data: ${JSON.stringify(response)}\r\n\r\n`).join(""));

function read(bytes: Buffer, cuts: readonly number[] = []): AnswerEvent[] {
  const reader = new GeminiEvents();
  const places = [0, ...cuts, bytes.length];
  const events = places.slice(1).flatMap((to, index) => reader.push(bytes.subarray(places[index], to)));
  return [...events, ...reader.end()];
}

const told = {
  ...{ cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n },
  ...{ input: 10n, output: 7n, reasoningOutput: 3n },
};
const expected: AnswerEvent[] = [
  { kind: "begin", id: "resp-1", model: "gemini-2.5-flash" },
  { kind: "reasoning", choice: 0, text: "Let me see." },
  { kind: "text", choice: 0, text: "Köln " },
  { kind: "reasoning_signature", choice: 0, signature: "gemini.c2ln" },
  { kind: "tool_call", choice: 0, call: 0, id: "f1", name: "look_up" },
  { kind: "tool_arguments", choice: 0, call: 0, json: '{"city":"Köln"}' },
  { kind: "tool_call", choice: 0, call: 1, id: "call_resp-1_0_1", name: "add" },
  { kind: "tool_arguments", choice: 0, call: 1, json: "{}" },
  { kind: "finish", choice: 0, reason: "tool_calls", stopSequence: "" },
  { kind: "usage", usage: told },
  { kind: "end" },
];

test("a stream says thoughts, text, calls and figures, and is over with its body", () => {
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

test("ended at every byte before its last piece it is cut off", () => {
  const bytes = bytesOf(whole);
  const last = bytesOf(whole.slice(0, -1)).length;
  for (let end = 0; end <= last; end += 1) {
    const final = read(bytes.subarray(0, end)).at(-1);
    assert.ok(final?.kind === "failure" && final.code === "upstream_truncated", `ended at byte ${end}`);
  }
});

test("every candidate must have finished", () => {
  const two = (first: object, second: object): Response => ({
    ...names,
    candidates: [
      { index: 0, ...first },
      { index: 1, ...second },
    ],
  });
  const stop = { finishReason: "STOP" };
  const half = [two({ content: { parts: [{ text: "a" }] } }, { content: { parts: [{ text: "b" }] } }), two(stop, {})];
  assert.equal(read(bytesOf(half)).at(-1)?.kind, "failure");
  assert.equal(read(bytesOf([...half, two({}, { finishReason: "MAX_TOKENS" })])).at(-1)?.kind, "end");
});

test("figures that do not count the candidates yet are not told", () => {
  const events = read(bytesOf([piece([{ text: "a" }], {}, { usageMetadata: { promptTokenCount: 10 } })]));
  assert.ok(!events.some(({ kind }) => kind === "usage"));
  const counted = read(bytesOf([piece([{ text: "a" }], {}, { usageMetadata: usage })]));
  assert.deepEqual(
    counted.find(({ kind }) => kind === "usage"),
    { kind: "usage", usage: told },
  );
});

test("each reason has its word; a broken call is no answer", () => {
  const endOf = (finishReason: string) => read(bytesOf([piece([{ text: "a" }], { finishReason })]));
  for (const [given, reason] of [
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["SPII", "content_filter"],
    ["OTHER", "content_filter"],
    ["SOMETHING_NEW", { other: "SOMETHING_NEW" }],
  ] as const) {
    const finish = endOf(given).find(({ kind }) => kind === "finish");
    assert.deepEqual(finish?.kind === "finish" && finish.reason, reason, given);
  }
  const broken = endOf("MALFORMED_FUNCTION_CALL").at(-1);
  assert.ok(broken?.kind === "failure" && broken.code === "upstream_error");
});

test("a refused prompt is a failure, behind the figures that are billed", () => {
  const blocked = { ...names, promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 9 } };
  for (const events of [read(bytesOf([blocked as Response])), readAnswerEvents(Buffer.from(JSON.stringify(blocked)))]) {
    assert.deepEqual(
      events.map((event) => (event.kind === "failure" ? event.code : event.kind)),
      ["begin", "usage", "content_filter"],
    );
  }
});

test("an error in the middle, as an event and as bare JSON", () => {
  const error = { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } };
  const begun = bytesOf([piece([{ text: "a" }])]);
  for (const bytes of [
    bytesOf([error]),
    Buffer.from(JSON.stringify(error, null, 2)),
    Buffer.from(`${JSON.stringify(error)}\n\n`),
  ]) {
    const last = read(Buffer.concat([begun, bytes])).at(-1);
    assert.ok(last?.kind === "failure" && last.code === "upstream_error", bytes.toString());
  }
});

test("log probabilities in OpenAI's shape", () => {
  const token = (text: string, logProbability: number) => ({ token: text, logProbability });
  const logprobsResult = {
    chosenCandidates: [token("é", -0.1)],
    topCandidates: [{ candidates: [token("é", -0.1), token("e", -2)] }],
  };
  const events = read(bytesOf([piece([{ text: "é" }], { logprobsResult, finishReason: "STOP" })]));
  const top_logprobs = [
    { token: "é", logprob: -0.1, bytes: [195, 169] },
    { token: "e", logprob: -2, bytes: [101] },
  ];
  assert.deepEqual(
    events.find(({ kind }) => kind === "logprobs"),
    {
      ...{ kind: "logprobs", choice: 0 },
      content: [{ token: "é", logprob: -0.1, bytes: [195, 169], top_logprobs }],
    },
  );
});

test("a whole answer says the same as a stream; what is none is refused", () => {
  const parts = whole.flatMap(({ candidates = [] }) =>
    (candidates as { content: { parts: Part[] } }[]).flatMap((each) => each.content.parts),
  );
  const answer = piece(parts, { finishReason: "STOP" }, { usageMetadata: usage });
  assert.deepEqual(readAnswerEvents(Buffer.from(JSON.stringify(answer))), expected);
  for (const body of ["", "[]", "{}", '{"candidates":[]}', JSON.stringify(piece([{ text: "a" }]))]) {
    assert.throws(() => readAnswerEvents(Buffer.from(body)), { code: "upstream_malformed" }, body);
  }
});
