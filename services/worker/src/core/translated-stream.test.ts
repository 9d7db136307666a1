import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerEvent } from "@waybill/surfaces";
import { openAiChat } from "@waybill/surfaces";
import { TranslatedStream } from "./translated-stream.ts";

const facts = { attemptId: "r.1", model: "m", createdUnixSeconds: 1 };
const usage = { input: 5n, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 2n, reasoningOutput: 0n };
const begin: AnswerEvent = { kind: "begin", id: "", model: "" };
const text = (said: string): AnswerEvent => ({ kind: "text", choice: 0, text: said });
const finish: AnswerEvent = { kind: "finish", choice: 0, reason: "stop", stopSequence: "" };

/** Each push gives the next of `turns`, the end gives the last. */
function read(turns: AnswerEvent[][], last: AnswerEvent[] = []) {
  const writer = openAiChat.translation?.writeStream(facts) ?? assert.fail();
  const left = [...turns];
  const stream = new TranslatedStream({ push: () => left.shift() ?? [], end: () => last }, writer);
  const steps = [...turns.map(() => stream.push(new Uint8Array())), stream.end()];
  const bytes = Buffer.concat(steps.flatMap((step) => step.bytes)).toString("utf8");
  return { stream, steps, bytes, codes: steps.flatMap(({ failure }) => failure?.code ?? []) };
}

test("nothing is shown before there is content, then everything in order", () => {
  const { steps, stream, bytes } = read(
    [[begin], [text("hel"), text("lo")], [finish, { kind: "usage", usage }]],
    [{ kind: "end" }],
  );
  assert.deepEqual(
    steps.map((step) => step.bytes.length > 0),
    [false, true, true, false],
  );
  assert.deepEqual(
    steps.map(({ isComplete }) => isComplete),
    [false, false, false, true],
  );
  assert.match(bytes, /"content":"hel".*"content":"lo".*"finish_reason":"stop"/s);
  assert.deepEqual([stream.usage, stream.finishReason, steps[1]?.evidencedTokens], [usage, "stop", 2]);
  const tail = Buffer.from(stream.tail('{"cost_usd":"1"}')).toString("utf8");
  assert.match(tail, /"prompt_tokens":5.*"waybill":\{"cost_usd":"1"\}\}\n\ndata: \[DONE\]\n\n$/s);
});

test("a stream that ends without its own end, or without a reason, is cut off", () => {
  assert.deepEqual(read([[begin, text("half")]]).codes, ["upstream_truncated"]);
  assert.deepEqual(read([[begin, text("half")]], [{ kind: "end" }]).codes, ["upstream_truncated"]);
});

test("a failure before content shows nothing; what comes after it is nobody's", () => {
  const failure: AnswerEvent = {
    kind: "failure",
    code: "upstream_rate_limited",
    message: "slow down",
    retryAfterMs: 0,
  };
  const { bytes, codes, stream } = read([[begin, failure, text("late")]], [{ kind: "end" }]);
  assert.deepEqual([bytes, codes, stream.hasContent], ["", ["upstream_rate_limited"], false]);
});

test("what cannot be read ends the stream as malformed", () => {
  const writer = openAiChat.translation?.writeStream(facts) ?? assert.fail();
  const broken = {
    push: (): AnswerEvent[] => {
      throw new SyntaxError("no JSON");
    },
    end: (): AnswerEvent[] => [],
  };
  assert.equal(new TranslatedStream(broken, writer).push(new Uint8Array()).failure?.code, "upstream_malformed");
});

test("an answer that broke off is none, but what it used is booked; before any content nothing of it is shown", () => {
  const broken: AnswerEvent = { kind: "broken", choice: 0, said: "error" };
  const seen = read([[begin, text("half")], [broken], [{ kind: "usage", usage }]], [{ kind: "end" }]);
  assert.deepEqual([seen.codes, seen.stream.usage, seen.stream.finishReason], [["upstream_truncated"], usage, "error"]);
  assert.deepEqual([seen.stream.awaits, /finish_reason":"/.test(seen.bytes)], ["usage", false]);
  assert.equal(read([[begin, broken, text("late")]], [{ kind: "end" }]).bytes, "");
});

test("of several choices each must say how it finished", () => {
  const other: AnswerEvent = { kind: "text", choice: 1, text: "b" };
  const end: AnswerEvent[] = [{ kind: "end" }];
  assert.deepEqual(read([[begin, text("a"), other, finish]], end).codes, ["upstream_truncated"]);
  assert.deepEqual(read([[begin, text("a"), other, finish, { ...finish, choice: 1 }]], end).codes, []);
});
