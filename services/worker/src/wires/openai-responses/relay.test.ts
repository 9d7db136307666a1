import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ResponsesStream, readAnswer } from "./relay.ts";

const usage = { input_tokens: 9, input_tokens_details: { cached_tokens: 4 }, output_tokens: 3 };
const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const delta = (text: string): string => event("response.output_text.delta", { delta: text });
const ended = (status: string, more: object = {}): string =>
  event(`response.${status}`, { sequence_number: 9, response: { id: "r", status, output: [], usage, ...more } });
const reasoning = { type: "reasoning", id: "rs", summary: [] };
const prelude = [
  event("response.created", { response: { id: "r" } }),
  event("response.in_progress", { response: { id: "r" } }),
  event("keepalive"),
  event("response.output_item.added", { item: reasoning }),
  event("response.output_item.done", { item: reasoning }),
  event("response.web_search_call.searching"),
  event("response.output_item.added", { item: { type: "message" } }),
  event("response.content_part.added"),
].join("");
const content = delta("hello wörld") + delta("!") + event("response.output_text.done", { text: "hello wörld!" });

interface Read {
  text: string;
  tokens: number;
  isComplete: boolean;
  code: string | undefined;
  reader: ResponsesStream;
}

function read(text: string, cuts: readonly number[] = []): Read {
  const reader = new ResponsesStream();
  const bytes = Buffer.from(text);
  const result: Read = { text: "", tokens: 0, isComplete: false, code: undefined, reader };
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const steps = edges.slice(1).map((edge, index) => reader.push(bytes.subarray(edges[index], edge)));
  for (const step of [...steps, reader.end()]) {
    result.text += Buffer.concat(step.bytes).toString("utf8");
    result.tokens += step.evidencedTokens;
    result.isComplete ||= step.isComplete;
    result.code ??= step.failure?.code;
  }
  return result;
}
const tailOf = ({ reader }: Read, note?: string): string => Buffer.from(reader.tail(note)).toString();

test("events pass as they came, but for the last, which waits for the cost", () => {
  const whole = read(prelude + content + ended("completed"));
  assert.equal(whole.text, prelude + content);
  assert.deepEqual([whole.tokens, whole.isComplete, whole.code], [3 + 1, true, undefined]);
  const { usage: seen, finishReason } = whole.reader;
  assert.deepEqual([seen?.input, seen?.cachedInput, seen?.output, finishReason], [9n, 4n, 3n, "completed"]);
  assert.equal(tailOf(whole), ended("completed"));
  assert.equal(tailOf(whole, '{"cost_usd":"1"}'), ended("completed", { waybill: { cost_usd: "1" } }));
});

test("wherever the network cuts it, the stream is the same", () => {
  const whole = read(prelude + content + ended("completed"));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), (cuts, eol) => {
      const cut = read((prelude + content + ended("completed")).replaceAll("\n", eol), cuts);
      assert.equal(cut.text.replaceAll("\r", ""), whole.text);
      assert.deepEqual([cut.tokens, cut.isComplete, cut.code], [whole.tokens, true, undefined]);
    }),
  );
});

test("nothing is shown before the first content, so a failure before it stays invisible", () => {
  for (const [failure, code] of [
    [event("error", { code: "server_error", message: "x" }), "upstream_error"],
    [event("error", { error: { type: "rate_limit_error", message: "x" } }), "upstream_rate_limited"],
    [event("response.failed", { response: { status: "failed", error: { code: "server_error" } } }), "upstream_error"],
    ["", "upstream_truncated"],
    ["data: {broken\n\n", "upstream_malformed"],
  ] as const) {
    const { text, reader, ...seen } = read(prelude + failure);
    assert.deepEqual([text, reader.hasContent, seen.code], ["", false, code], failure);
  }
});

test("whatever is not known to say nothing is content", () => {
  for (const shown of [
    event("response.function_call_arguments.delta", { delta: "{" }),
    event("response.reasoning_summary_text.delta", { delta: "hm" }),
    event("response.image_generation_call.partial_image", { partial_image_b64: "AA" }),
    event("response.output_item.done", { item: { type: "function_call" } }),
    event("response.next_year"),
  ]) {
    assert.equal(read(prelude + shown).text, prelude + shown, shown);
  }
});

test("only the whole response is an end, whatever else was done", () => {
  const done = event("response.output_item.done", { item: { type: "message" } });
  assert.deepEqual([read(content + done).code, read(content + done).isComplete], ["upstream_truncated", false]);
  assert.equal(read(`${content}data: [DONE]\n\n`).code, "upstream_malformed");
  const after = read(content + ended("completed") + delta("more"));
  assert.deepEqual([after.text, after.code], [content, undefined]);
  const unended = read((content + ended("completed")).trimEnd());
  assert.deepEqual([unended.text, unended.isComplete], [content, true]);
});

test("an incomplete response is an end that says why; an empty one is an answer", () => {
  const cut = ended("incomplete", { incomplete_details: { reason: "max_output_tokens" } });
  const seen = read(content + cut);
  assert.deepEqual([seen.isComplete, seen.reader.finishReason, tailOf(seen)], [true, "max_output_tokens", cut]);
  assert.deepEqual(
    [read(prelude + ended("completed")).text, read(prelude + ended("completed")).isComplete],
    [prelude, true],
  );
});

test("a response that fails after content tells its usage", () => {
  const response = { status: "failed", error: { code: "server_error", message: "x" }, usage };
  const { text, code, reader } = read(content + event("response.failed", { response }));
  assert.deepEqual([text, code, reader.usage?.output], [content, "upstream_error", 3n]);
});

test("endless preludes are malformed", () => {
  const big = event("response.in_progress", { response: { instructions: "x".repeat(1024 * 1024) } });
  assert.equal(read(big.repeat(3) + delta("a")).code, "upstream_truncated");
  assert.equal(read(big.repeat(5) + delta("a")).code, "upstream_malformed");
});

test("a plain answer: usage, reason, and its text measured where usage is missing", () => {
  const output = [
    { type: "reasoning", summary: [{ type: "summary_text", text: "abc" }] },
    { type: "message", id: "x".repeat(99), content: [{ type: "output_text", text: "defgh" }] },
    { type: "function_call", arguments: "{}", call_id: "x".repeat(99) },
  ];
  const of = (value: unknown): ReturnType<typeof readAnswer> => readAnswer(Buffer.from(JSON.stringify(value)));
  const counted = of({ status: "completed", error: null, output });
  assert.ok(!("failure" in counted));
  assert.deepEqual([counted.usage, counted.finishReason, counted.evidencedTokens], [undefined, "completed", 3]);
  const cut = of({ status: "incomplete", incomplete_details: { reason: "content_filter" }, output, usage });
  assert.ok(!("failure" in cut));
  assert.deepEqual([cut.usage?.cachedInput, cut.finishReason, cut.evidencedTokens], [4n, "content_filter", 0]);
  const failed = of({ status: "failed", error: { code: "server_error", message: "x" }, output: [], usage });
  assert.ok("failure" in failed && failed.failure.code === "upstream_error" && failed.usage?.output === 3n);
  for (const text of ["", "null", "{}", '{"output":7}', '{"output":[', '{"status":"in_progress","output":[]}']) {
    assert.throws(() => readAnswer(Buffer.from(text)), /upstream_malformed/, text);
  }
});

test("the last event is due once every item that was begun is done, and the last of them is no thought", () => {
  const item = (what: "added" | "done", output_index: number, type: string): string =>
    event(`response.output_item.${what}`, { output_index, item: { type } });
  const reader = new ResponsesStream();
  const seen: string[] = [];
  for (const each of [
    item("added", 0, "reasoning"),
    item("done", 0, "reasoning"),
    item("added", 1, "message"),
    delta("hi"),
    item("added", 2, "function_call"),
    item("done", 1, "message"),
    item("done", 2, "function_call"),
    event("keepalive"),
    item("added", 3, "message"),
  ]) {
    reader.push(Buffer.from(each));
    seen.push(reader.awaits);
  }
  const [open, due] = ["answer", "last_event"];
  assert.deepEqual(seen, [open, open, open, open, open, open, due, due, open]);
});

test("what was done before a failure is known, although nothing of it was shown", () => {
  const failed = event("response.failed", { response: { status: "failed", error: { code: "server_error" } } });
  const begun = event("response.created", { response: { id: "r" } });
  const done = event("response.output_item.done", { item: reasoning });
  const searching = event("response.web_search_call.searching");
  for (const [before, isSpent] of [
    ["", false],
    [begun + event("response.output_item.added", { item: reasoning }), false],
    [begun + done, true],
    [begun + searching, true],
    [begun + event("response.reasoning_summary_part.added"), true],
  ] as const) {
    const { hasContent, hasSpent } = read(before + failed).reader;
    assert.deepEqual([hasContent, hasSpent], [false, isSpent], before);
  }
});

test("a stream that is cut behind the name of its last event does not say the name", () => {
  const { text, isComplete, code } = read(`${prelude}${content}event: response.completed\n`);
  assert.equal(text, prelude + content);
  assert.deepEqual([isComplete, code], [false, "upstream_truncated"]);
  const comment = ": still here\n\n";
  assert.ok(read(content + comment + ended("completed")).text.endsWith(comment));
});
