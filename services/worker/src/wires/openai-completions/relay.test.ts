import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenAiStream, readAnswer } from "./relay.ts";

const chunk = (text: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ object: "text_completion", choices: [{ text, index: 0, logprobs: null, finish_reason: finish }] })}\n\n`;
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const STREAM = `${chunk("wör")}${chunk("ld")}${chunk("", "stop")}data: ${JSON.stringify({ choices: [], usage: USAGE })}\n\ndata: [DONE]\n\n`;

test("a stream passes as it came, whole and cut at every byte, without the usage nobody asked for", () => {
  const bytes = Buffer.from(STREAM);
  for (let cutAt = 0; cutAt <= bytes.length; cutAt += 1) {
    const reader = new OpenAiStream();
    const steps = [reader.push(bytes.subarray(0, cutAt)), reader.push(bytes.subarray(cutAt))];
    const sent = Buffer.concat([...steps.flatMap((step) => step.bytes), reader.tail(undefined)]).toString();
    assert.equal(sent, `${chunk("wör")}${chunk("ld")}${chunk("", "stop")}data: [DONE]\n\n`);
    assert.equal(
      steps.reduce((sum, step) => sum + step.evidencedTokens, 0),
      2,
    );
    assert.deepEqual([reader.usage?.input, reader.usage?.output, reader.finishReason], [3n, 2n, "stop"]);
    assert.ok(steps.some((step) => step.isComplete) && steps.every((step) => step.failure === undefined));
  }
});

test("a stream that breaks off is not whole", () => {
  const reader = new OpenAiStream();
  reader.push(Buffer.from(chunk("wör")));
  assert.equal(reader.end().failure?.code, "upstream_truncated");
});

test("a plain answer is read for usage, and counted where there is none", () => {
  const choices = [{ text: "12345678", index: 0, logprobs: null, finish_reason: "length" }];
  const read = readAnswer(Buffer.from(JSON.stringify({ choices, usage: USAGE })));
  assert.ok(!("failure" in read));
  assert.deepEqual([read.usage?.output, read.finishReason], [2n, "length"]);
  const counted = readAnswer(Buffer.from(JSON.stringify({ choices })));
  assert.ok(!("failure" in counted));
  assert.deepEqual([counted.usage, counted.evidencedTokens], [undefined, 2]);
});
