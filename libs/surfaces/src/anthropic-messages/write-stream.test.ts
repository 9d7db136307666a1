import assert from "node:assert/strict";
import { test } from "node:test";
import { assembleAnswer } from "../conversation/answer.ts";
import type { AnswerEvent } from "../conversation/answer-event.ts";
import { writeMessage } from "./write-answer.ts";
import { MessagesWriter } from "./write-stream.ts";

const facts = { attemptId: "r.1", model: "m", createdUnixSeconds: 1 };
const usage = { input: 10n, cachedInput: 3n, cacheWrite5m: 2n, cacheWrite1h: 1n, output: 5n, reasoningOutput: 1n };
const call = (index: number): AnswerEvent => ({
  kind: "tool_call",
  choice: 0,
  call: index,
  id: `t${index}`,
  name: "f",
});
const json = (index: number, text: string): AnswerEvent => ({
  kind: "tool_arguments",
  choice: 0,
  call: index,
  json: text,
});
const finish: AnswerEvent = { kind: "finish", choice: 0, reason: "tool_calls", stopSequence: "" };

interface Written {
  type: string;
  index?: number;
  content_block?: { type: string };
  delta?: { type?: string; partial_json?: string; stop_reason?: string };
  usage?: object;
  waybill?: object;
}

function write(events: readonly AnswerEvent[], note?: string): Written[] {
  const writer = new MessagesWriter(facts);
  const text = events.map((event) => writer.write(event)).join("") + writer.end(note);
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => {
      const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      const parsed = JSON.parse(data ?? "null") as Written;
      assert.equal(parsed.type, type, "the event line says what the data says");
      return parsed;
    });
}

test("blocks come one after the other, each closed before the next begins", () => {
  const events = write([
    { kind: "begin", id: "msg_1", model: "up" },
    { kind: "reasoning", choice: 0, text: "hm" },
    { kind: "reasoning_signature", choice: 0, signature: "s" },
    { kind: "text", choice: 0, text: "well" },
    call(0),
    json(0, '{"a":'),
    json(0, "1}"),
    finish,
  ]);
  assert.deepEqual(
    events.map(({ type, index, content_block: block }) =>
      [type, index, block?.type].filter((each) => each !== undefined).join(" "),
    ),
    [
      ...["message_start", "content_block_start 0 thinking", "content_block_delta 0", "content_block_delta 0"],
      ...["content_block_stop 0", "content_block_start 1 text", "content_block_delta 1", "content_block_stop 1"],
      ...["content_block_start 2 tool_use", "content_block_delta 2", "content_block_delta 2", "content_block_stop 2"],
      ...["message_delta", "message_stop"],
    ],
  );
});

test("calls whose arguments come mixed are whole, each in a block of its own", () => {
  const events = write([call(0), json(0, '{"a"'), call(1), json(1, '{"b"'), json(0, ":1}"), json(1, ":2}"), finish]);
  const jsonOf = (index: number): string =>
    events.map((event) => (event.index === index ? (event.delta?.partial_json ?? "") : "")).join("");
  assert.deepEqual([jsonOf(0), jsonOf(1)], ['{"a":1}', '{"b":2}']);
});

test("usage leaves out what the cache gave and took, and the cost stands beside it", () => {
  const delta = write(
    [{ kind: "text", choice: 0, text: "x" }, finish, { kind: "usage", usage }],
    '{"cost_usd":"1"}',
  ).at(-2);
  assert.deepEqual(delta?.usage, {
    ...{ input_tokens: 4, cache_creation_input_tokens: 3, cache_read_input_tokens: 3 },
    cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 1 },
    ...{ output_tokens: 5, output_tokens_details: { thinking_tokens: 1 } },
  });
  assert.deepEqual([delta?.delta?.stop_reason, delta?.waybill], ["tool_use", { cost_usd: "1" }]);
});

test("an answer without a word is still a message", () => {
  const types = write([{ kind: "finish", choice: 0, reason: "stop", stopSequence: "" }]).map(({ type }) => type);
  assert.deepEqual(types, ["message_start", "message_delta", "message_stop"]);
});

test("a plain answer says the same", () => {
  const answer = assembleAnswer([
    { kind: "text", choice: 0, text: "we" },
    { kind: "text", choice: 0, text: "ll" },
    call(0),
    json(0, '{"a":1}'),
    call(1),
    json(1, "no json"),
    { ...finish, reason: "stop_sequence", stopSequence: "END" } as AnswerEvent,
    { kind: "usage", usage },
  ]);
  assert.ok(!("kind" in answer));
  const { content, stop_reason, stop_sequence, id, model } = writeMessage(answer, facts) as Record<string, unknown>;
  assert.deepEqual([id, model, stop_reason, stop_sequence], ["msg_r.1", "m", "stop_sequence", "END"]);
  assert.deepEqual(content, [
    { type: "text", text: "well" },
    { type: "tool_use", id: "t0", name: "f", input: { a: 1 } },
    { type: "tool_use", id: "t1", name: "f", input: { _unparsed: "no json" } },
  ]);
});
