import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OpenAiStream, readAnswer } from "./relay.ts";

const event = (value: unknown): string => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const choice = (delta: unknown, finish_reason: string | null = null): string =>
  event({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }], usage: null });
const role = choice({ role: "assistant", content: "" });
const usage = event({ id: "c", choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } });
const answer = [
  role,
  choice({ content: "hello wörld" }),
  choice({ content: "!" }),
  choice({}, "stop"),
  usage,
  event("[DONE]"),
];

interface Read {
  text: string;
  tokens: number;
  isComplete: boolean;
  code: string | undefined;
  reader: OpenAiStream;
}

function read(text: string, cuts: readonly number[] = [], choiceCount = 1): Read {
  const reader = new OpenAiStream(choiceCount);
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

test("events pass as they came, but for usage and the end, which wait for the tail", () => {
  const { text, tokens, isComplete, code, reader } = read(answer.join(""));
  assert.equal(text, answer.slice(0, 4).join(""));
  assert.deepEqual([tokens, isComplete, code, reader.finishReason], [3 + 1, true, undefined, "stop"]);
  assert.deepEqual([reader.usage?.input, reader.usage?.output], [5n, 2n]);
  assert.equal(Buffer.from(reader.tail(undefined)).toString(), "data: [DONE]\n\n");
  assert.equal(
    Buffer.from(reader.tail('{"cost_usd":"1"}')).toString(),
    `${usage.trimEnd().slice(0, -1)},"waybill":{"cost_usd":"1"}}\n\ndata: [DONE]\n\n`,
  );
});

test("wherever the network cuts it, the stream is the same", () => {
  const whole = read(answer.join(""));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), (cuts, eol) => {
      const cut = read(answer.join("").replaceAll("\n", eol), cuts);
      assert.equal(cut.text.replaceAll("\r", ""), whole.text);
      assert.deepEqual([cut.tokens, cut.isComplete, cut.code], [whole.tokens, true, undefined]);
    }),
  );
});

test("nothing is shown before the first content, so a failure before it stays invisible", () => {
  const error = event({ error: { message: "x" } });
  assert.deepEqual([read(role + error).text, read(role + error).code], ["", "upstream_error"]);
  assert.deepEqual([read(`: ping\n\n${role}`).text, read(role).code], ["", "upstream_truncated"]);
  assert.equal(read(role + choice({ reasoning_content: "hm" })).text, role + choice({ reasoning_content: "hm" }));
});

test("an end without its mark or without a reason is none", () => {
  const content = choice({ content: "a" });
  assert.equal(read(content).code, "upstream_truncated");
  assert.equal(read(content + event("[DONE]")).code, "upstream_truncated");
  assert.equal(read(content + choice({}, "stop")).code, "upstream_truncated");
  assert.equal(read(`${content + choice({}, "stop")}data: [DONE]`).isComplete, true);
  assert.equal(read(`${content}data: {"choices":[{"del`).code, "upstream_truncated");
});

test("broken JSON and endless preludes are malformed; what came before still passes", () => {
  const content = choice({ content: "a" });
  const broken = read(`${content}data: {"choices":[{\n\n${content}`);
  assert.deepEqual([broken.text, broken.code], [content, "upstream_malformed"]);
  const prelude = event({ choices: [], note: "x".repeat(10_000) }).repeat(110);
  assert.equal(read(prelude).code, "upstream_malformed");
});

test("comments pass once there is a stream; what follows the end does not", () => {
  const { text } = read(`: a\n\n${choice({ content: "x" })}: b\n\n${choice({}, "stop")}${event("[DONE]")}${role}`);
  assert.equal(text, `${choice({ content: "x" })}: b\n\n${choice({}, "stop")}`);
});

test("usage beside the last choice is read, and told in the usual form to who asked", () => {
  const last = event({
    id: "c",
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 2 },
  });
  const { text, reader } = read(choice({ content: "a" }) + last + event("[DONE]"));
  assert.ok(text.endsWith(last));
  assert.equal(reader.usage?.output, 2n);
  assert.match(Buffer.from(reader.tail("{}")).toString(), /"choices":\[\],"usage":\{.*\},"waybill":\{\}\}/);
});

test("a plain answer: usage, reason, and its text measured where usage is missing", () => {
  const body = { choices: [{ message: { role: "assistant", content: "x".repeat(9) }, finish_reason: "length" }] };
  const read = (value: unknown): ReturnType<typeof readAnswer> => readAnswer(Buffer.from(JSON.stringify(value)));
  const counted = read(body);
  assert.ok(!("failure" in counted));
  assert.deepEqual([counted.usage, counted.finishReason, counted.evidencedTokens], [undefined, "length", 3]);
  const reported = read({ ...body, usage: { prompt_tokens: 1, completion_tokens: 2 } });
  assert.ok(!("failure" in reported));
  assert.deepEqual([reported.usage?.output, reported.evidencedTokens], [2n, 0]);
  const bom = readAnswer(Buffer.from(`\u{feff}${JSON.stringify(body)}`));
  assert.ok(!("failure" in bom) && bom.bytes[0] === 0x7b);
  const failed = read({ error: { message: "x" } });
  assert.ok("failure" in failed && failed.failure.code === "upstream_error");
  for (const text of ["", "null", "{}", '{"choices":7}', '{"choices":[']) {
    assert.throws(() => readAnswer(Buffer.from(text)), /upstream_malformed/);
  }
});

test("what Azure's filters found passes, before the answer and in it", () => {
  // https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
  const found = { hate: { filtered: false, severity: "safe" } };
  const first = event({
    ...{ choices: [], created: 0, id: "", model: "", object: "" },
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: found }],
  });
  const filtered = event({
    ...{ id: "c", object: "chat.completion.chunk" },
    choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null, content_filter_results: found }],
  });
  const { text, isComplete, code, reader } = read([first, role, filtered, ...answer.slice(3)].join(""));
  assert.equal(text, [first, role, filtered, answer[3]].join(""));
  assert.deepEqual([isComplete, code, reader.usage?.output], [true, undefined, 2n]);
});

test("usage in x_groq counts where there is no other, and its chunk passes with its choice", () => {
  const first = event({ id: "c", choices: [{ index: 0, delta: { content: "hi" } }], x_groq: { id: "req_1" } });
  const last = event({
    ...{ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    x_groq: { id: "req_1", usage: { prompt_tokens: 5, completion_tokens: 2 } },
  });
  const { text, isComplete, reader } = read(`${first}${last}${event("[DONE]")}`);
  assert.deepEqual([text, isComplete], [`${first}${last}`, true]);
  assert.deepEqual([reader.usage?.input, reader.usage?.output], [5n, 2n]);
  assert.match(Buffer.from(reader.tail('{"cost_usd":"1"}')).toString(), /"usage":\{"prompt_tokens":5.*"waybill"/);
});

test("a finish reason that says the answer broke off is not shown and no end, and what it used is still read", () => {
  const half = role + choice({ content: "half" });
  for (const reason of ["error", "insufficient_system_resource"]) {
    const seen = read(half + choice({ content: " an" }, reason) + usage + event("[DONE]"));
    assert.deepEqual([seen.text, seen.isComplete, seen.code], [half, false, "upstream_truncated"]);
    const { awaits, finishReason, usage: used } = seen.reader;
    assert.deepEqual([awaits, finishReason, used?.output], ["usage", reason, 2n]);
    const unseen = read(role + choice({}, reason) + choice({ content: "late" }) + event("[DONE]"));
    assert.deepEqual([unseen.text, unseen.reader.hasContent, unseen.code], ["", false, "upstream_truncated"]);
  }
});

test("a finish reason that nobody here knows passes, and is an end", () => {
  const seen = read(choice({ content: "a" }) + choice({}, "novel") + event("[DONE]"));
  assert.deepEqual([seen.isComplete, seen.code, seen.reader.finishReason], [true, undefined, "novel"]);
});

test("of several choices the end mark ends none that did not say how it finished", () => {
  const at = (index: number, delta: object, finish_reason: string | null = null): string =>
    event({ id: "c", choices: [{ index, delta, finish_reason }] });
  const [begun, done] = [at(0, { content: "a" }) + at(1, { content: "b" }), event("[DONE]")];
  const half = read(begun + at(0, {}, "stop") + done, [], 2);
  assert.deepEqual([half.isComplete, half.code, half.reader.awaits], [false, "upstream_truncated", "answer"]);
  const whole = read(begun + at(0, {}, "stop") + at(1, {}, "length") + done, [], 2);
  assert.deepEqual([whole.isComplete, whole.code, whole.reader.awaits], [true, undefined, "mark"]);
  const broken = read(begun + at(0, {}, "error") + at(1, {}, "stop") + done, [], 2);
  assert.deepEqual(
    [broken.isComplete, broken.code, broken.reader.finishReason],
    [false, "upstream_truncated", "error"],
  );
  const one = read(at(0, { content: "a" }) + at(0, {}, "stop") + done, [], 2);
  assert.equal(one.isComplete, true, "a server that knows only one choice");
});

test("of several choices the least whole one's reason is told, and nothing where one gave none", () => {
  const of = (...reasons: (string | null)[]) => {
    const choices = reasons.map((finish_reason) => ({ message: { content: "a" }, finish_reason }));
    const answer = readAnswer(Buffer.from(JSON.stringify({ choices })));
    assert.ok(!("failure" in answer));
    return answer.finishReason;
  };
  assert.deepEqual(
    [of("content_filter", "stop"), of("novel", "stop"), of(null, "stop"), of()],
    ["content_filter", "novel", "", ""],
  );
});

test("a plain answer of which a choice broke off is a failure that was made, and is billed", () => {
  const said = (finish_reason: string) => ({ message: { role: "assistant", content: "x".repeat(8) }, finish_reason });
  const of = (value: object) => readAnswer(Buffer.from(JSON.stringify(value)));
  const failed = of({ choices: [said("error"), said("stop")] });
  assert.ok("failure" in failed);
  assert.deepEqual(
    [failed.failure.code, failed.usage, failed.evidencedTokens, failed.finishReason],
    ["upstream_truncated", undefined, 4, "error"],
  );
  const billed = of({ choices: [said("aborted")], usage: { prompt_tokens: 1, completion_tokens: 2 } });
  assert.ok("failure" in billed && billed.usage?.output === 2n);
});
