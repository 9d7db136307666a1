import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_TOKENS } from "@waybill/domain";
import { assembleAnswer } from "../conversation/answer.ts";
import type { AnswerEvent } from "../conversation/answer-event.ts";
import { writeCompletion } from "./write-answer.ts";
import { CompletionWriter } from "./write-stream.ts";

const facts = { attemptId: "a1", model: "m", createdUnixSeconds: 7 };
const EVENTS: AnswerEvent[] = [
  { kind: "begin", id: "", model: "" },
  { kind: "reasoning", choice: 0, text: "hm" },
  { kind: "text", choice: 0, text: "a " },
  { kind: "text", choice: 0, text: "time" },
  { kind: "finish", choice: 0, reason: "length", stopSequence: "" },
  { kind: "usage", usage: { ...NO_TOKENS, input: 3n, output: 2n } },
];

describe("an answer as a text_completion", () => {
  it("is whole, without thoughts", () => {
    const answer = assembleAnswer(EVENTS);
    assert.ok(!("kind" in answer));
    const { usage, ...rest } = writeCompletion(answer, facts) as Record<string, unknown>;
    assert.deepEqual(rest, {
      ...{ id: "cmpl-a1", object: "text_completion", created: 7, model: "m" },
      choices: [{ text: "a time", index: 0, logprobs: null, finish_reason: "length" }],
    });
    assert.deepEqual((usage as { total_tokens: number }).total_tokens, 5);
  });

  it("is streamed as the same text, with usage only where a note is wanted", () => {
    const writer = new CompletionWriter(facts);
    const sent = EVENTS.map((event) => writer.write(event)).join("");
    const chunks = sent
      .split("\n\n")
      .filter(Boolean)
      .map((event) => JSON.parse(event.slice("data: ".length)));
    assert.equal(chunks.map(({ choices }) => choices[0].text).join(""), "a time");
    assert.deepEqual(
      chunks.map(({ choices }) => choices[0].finish_reason),
      [null, null, "length"],
    );
    assert.ok(chunks.every(({ object, id }) => object === "text_completion" && id === "cmpl-a1"));
    assert.equal(writer.end(undefined), "data: [DONE]\n\n");
    const [usage, done] = writer.end('{"cost_usd":"1"}').split("\n\n");
    assert.equal(done, "data: [DONE]");
    assert.deepEqual(JSON.parse((usage ?? "").slice("data: ".length)).waybill, { cost_usd: "1" });
  });
});
