import assert from "node:assert/strict";
import { test } from "node:test";
import { answerLengthBucket } from "@waybill/domain";
import { AnswerLengths } from "./answer-lengths.ts";

const ANSWER = { route: "dynamic/chat", provider: "openai", model: "gpt-5", outputTokens: 100n };

test("answers are counted per route and model, and said once", () => {
  const lengths = new AnswerLengths();
  lengths.add(ANSWER);
  lengths.add(ANSWER);
  lengths.add({ ...ANSWER, outputTokens: 4_000n });
  lengths.add({ ...ANSWER, route: "" });
  const bucket = answerLengthBucket(100n);
  const { outputTokens, ...of } = ANSWER;
  assert.deepEqual(lengths.take(), [
    { ...of, buckets: [bucket, answerLengthBucket(4_000n)], counts: [2, 1] },
    { ...of, route: "", buckets: [bucket], counts: [1] },
  ]);
  assert.deepEqual(lengths.take(), []);
});

test("more pairs than there is room for wait for the next time", () => {
  const lengths = new AnswerLengths();
  for (let index = 0; index < 600; index += 1) lengths.add({ ...ANSWER, route: `r${index}` });
  assert.equal(lengths.take().length, 500);
  lengths.add({ ...ANSWER, route: "r599" });
  assert.equal(lengths.take().length, 1);
});
