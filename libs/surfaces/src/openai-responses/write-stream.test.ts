import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { assembleAnswer } from "../conversation/answer.ts";
import type { AnswerEvent, FinishReason } from "../conversation/answer-event.ts";
import { toFailedEvent } from "./errors.ts";
import { writeResponse } from "./write-answer.ts";
import { ResponsesWriter } from "./write-stream.ts";

const facts = { attemptId: "r.1", model: "m", createdUnixSeconds: 1 };
const usage = { input: 10n, cachedInput: 3n, cacheWrite5m: 2n, cacheWrite1h: 0n, output: 5n, reasoningOutput: 1n };
const text = (said: string): AnswerEvent => ({ kind: "text", choice: 0, text: said });
const call = (index: number): AnswerEvent => ({
  kind: "tool_call",
  choice: 0,
  call: index,
  id: `c${index}`,
  name: "f",
});
const json = (index: number, part: string): AnswerEvent => ({
  kind: "tool_arguments",
  choice: 0,
  call: index,
  json: part,
});
const finish = (reason: FinishReason): AnswerEvent => ({ kind: "finish", choice: 0, reason, stopSequence: "" });

interface Written {
  type: string;
  sequence_number: number;
  output_index?: number;
  item?: { id: string; type: string; status?: string };
  delta?: string;
  arguments?: string;
  response?: { id: string; status: string; output: object[]; incomplete_details: object | null; usage: object | null };
}

function write(events: readonly AnswerEvent[], note?: string): Written[] {
  const writer = new ResponsesWriter(facts);
  const written = events.map((event) => writer.write(event)).join("") + writer.end(note);
  return written
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event, index) => {
      const [, type, data] = /^event: ([\w.]+)\ndata: (.*)$/.exec(event) ?? [];
      const parsed = JSON.parse(data ?? "null") as Written;
      assert.equal(parsed.type, type, "the event line says what the data says");
      assert.equal(parsed.sequence_number, index, "events are numbered one by one");
      return parsed;
    });
}

const named = (events: readonly Written[]): string[] =>
  events.map(({ type, output_index: at }) => (at === undefined ? type : `${type} ${at}`).replace("response.", ""));

const WHOLE: readonly AnswerEvent[] = [
  { kind: "begin", id: "msg_up", model: "up" },
  { kind: "reasoning", choice: 0, text: "hm" },
  { kind: "reasoning_signature", choice: 0, signature: "s1" },
  { kind: "reasoning_signature", choice: 0, signature: "s2" },
  { kind: "reasoning_sealed", choice: 0, sealed: "box" },
  text("we"),
  text("ll"),
  { kind: "refusal", choice: 0, text: "no" },
  call(0),
  json(0, '{"a":1}'),
  call(1),
  finish("tool_calls"),
  { kind: "usage", usage },
];

test("items come one after the other, each with its parts, and the whole response at the end", () => {
  assert.deepEqual(named(write(WHOLE)), [
    ...["created", "in_progress"],
    ...["output_item.added 0", "reasoning_summary_part.added 0", "reasoning_summary_text.delta 0"],
    ...["reasoning_summary_text.done 0", "reasoning_summary_part.done 0", "output_item.done 0"],
    ...["output_item.added 1", "output_item.done 1"],
    ...["output_item.added 2", "content_part.added 2", "output_text.delta 2", "output_text.delta 2"],
    ...["output_text.done 2", "content_part.done 2", "content_part.added 2", "refusal.delta 2"],
    ...["refusal.done 2", "content_part.done 2", "output_item.done 2"],
    ...["output_item.added 3", "function_call_arguments.delta 3", "output_item.added 4"],
    ...["function_call_arguments.done 3", "output_item.done 3"],
    ...["function_call_arguments.done 4", "output_item.done 4"],
    "completed",
  ]);
});

test("streamed or not, the response is the same, and thoughts are sealed in it", () => {
  const streamed = write(WHOLE).at(-1)?.response;
  const answer = assembleAnswer(WHOLE);
  assert.ok(!("kind" in answer));
  assert.deepEqual(JSON.parse(JSON.stringify(writeResponse(answer, facts))), streamed);
  assert.deepEqual(streamed?.output, [
    ...[
      {
        id: "rs_r_1_0",
        type: "reasoning",
        summary: [{ type: "summary_text", text: "hm" }],
        encrypted_content: "waybill:signature:s1s2",
      },
      { id: "rs_r_1_1", type: "reasoning", summary: [], encrypted_content: "waybill:sealed:box" },
    ],
    {
      ...{ id: "msg_r_1_2", type: "message", role: "assistant", status: "completed" },
      content: [
        { type: "output_text", text: "well", annotations: [], logprobs: [] },
        { type: "refusal", refusal: "no" },
      ],
    },
    { id: "fc_r_1_3", type: "function_call", status: "completed", call_id: "c0", name: "f", arguments: '{"a":1}' },
    { id: "fc_r_1_4", type: "function_call", status: "completed", call_id: "c1", name: "f", arguments: "{}" },
  ]);
  assert.deepEqual(streamed?.usage, {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 1 },
    total_tokens: 15,
  });
  assert.deepEqual([streamed?.id, streamed?.status], ["resp_msg_up", "completed"]);
});

test("calls whose arguments come mixed are whole, each in an item of its own", () => {
  const events = write([
    call(0),
    json(0, '{"a"'),
    call(1),
    json(1, '{"b"'),
    json(0, ":1}"),
    json(1, ":2}"),
    finish("tool_calls"),
  ]);
  const done = events.filter(({ type }) => type === "response.function_call_arguments.done");
  assert.deepEqual(
    done.map((event) => event.arguments),
    ['{"a":1}', '{"b":2}'],
  );
});

test("an answer that was cut says why, and is not completed", () => {
  for (const [reason, why] of [
    ["length", "max_output_tokens"],
    ["context_full", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ] as const) {
    const events = write([text("a"), finish(reason)]);
    const last = events.at(-1);
    assert.deepEqual([last?.type, last?.response?.status], ["response.incomplete", "incomplete"]);
    assert.deepEqual(last?.response?.incomplete_details, { reason: why });
    assert.equal(events.find(({ type }) => type === "response.output_item.done")?.item?.status, "incomplete");
  }
});

test("a note goes into the last response, and only there", () => {
  const events = write([text("a"), finish("stop")], '{"cost_usd":"1"}');
  assert.deepEqual(
    events.flatMap(({ response }) => (response && "waybill" in response ? [response.waybill] : [])),
    [{ cost_usd: "1" }],
  );
});

test("nothing said is a response without items; other choices have no place", () => {
  const events = write([{ kind: "text", choice: 1, text: "b" }, finish("stop")]);
  assert.deepEqual(named(events), ["created", "in_progress", "completed"]);
  assert.deepEqual(events.at(-1)?.response?.output, []);
});

test("probabilities of tokens are told with the whole text", () => {
  const events = write([
    text("a"),
    { kind: "logprobs", choice: 0, content: [{ token: "a", logprob: -1 }] },
    finish("stop"),
  ]);
  assert.match(JSON.stringify(events.at(-1)?.response?.output), /"logprobs":\[\{"token":"a","logprob":-1\}\]/);
});

test("a failure inside a stream has what the SDK throws at and what Codex looks for, and the next number", () => {
  const error = new WaybillError("upstream_truncated");
  const failed = (shown?: string) => {
    const [line, data] = toFailedEvent(error, "01ABC", shown === undefined ? undefined : Buffer.from(shown)).split(
      "\n",
    );
    assert.equal(line, "event: response.failed");
    return JSON.parse((data ?? "").slice("data: ".length));
  };
  const { type, error: thrown, response, sequence_number: number } = failed();
  assert.deepEqual(
    [type, thrown.code, response.status, response.error.code, response.id, number],
    [...["response.failed", "upstream_truncated", "failed", "upstream_truncated", "resp_01ABC", 0]],
  );
  const shown = `data: {"sequence_number":8}\n\ndata: {"type":"x","sequence_number":9,"delta":"\\"sequence_number\\":1"}\n\n`;
  assert.equal(failed(shown).sequence_number, 10);
  assert.equal(failed(": nothing\n\n").sequence_number, 0);
});
