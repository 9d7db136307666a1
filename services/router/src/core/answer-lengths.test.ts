import assert from "node:assert/strict";
import { test } from "node:test";
import { answerLengthBucket, longestOfBucket } from "@waybill/domain";
import { AnswerLengths } from "./answer-lengths.ts";

const HALF_AN_HOUR_MS = 30 * 60_000;

/** So many answers of that many tokens each. */
function told(counts: Record<number, number>) {
  const lengths = Object.entries(counts);
  return {
    ...{ route: "chat", provider: "openai", model: "gpt-5" },
    buckets: lengths.map(([tokens]) => answerLengthBucket(BigInt(tokens))),
    counts: lengths.map(([, count]) => count),
  };
}

const boundOf = (tokens: bigint): bigint => longestOfBucket(answerLengthBucket(tokens));

test("99 of 100 answers stay within what is usual", () => {
  const lengths = new AnswerLengths();
  lengths.heard(told({ 100: 180, 900: 18, 8000: 2 }), 0);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 0), boundOf(900n));
  // Now three of 201 are longer.
  lengths.heard(told({ 8000: 1 }), 0);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 0), boundOf(8_000n));
});

test("too few answers, another route and another model say nothing", () => {
  const lengths = new AnswerLengths();
  lengths.heard(told({ 100: 199 }), 0);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 0), undefined);
  lengths.heard(told({ 100: 1 }), 0);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 0), boundOf(100n));
  assert.equal(lengths.usualOutputTokens("", "openai/gpt-5", 0), undefined);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-4", 0), undefined);
});

test("answers of an hour ago count no more, those of half an hour ago do", () => {
  const lengths = new AnswerLengths();
  lengths.heard(told({ 5000: 200 }), 0);
  lengths.heard(told({ 100: 200 }), HALF_AN_HOUR_MS);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", HALF_AN_HOUR_MS), boundOf(5_000n));
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 2 * HALF_AN_HOUR_MS), boundOf(100n));
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 4 * HALF_AN_HOUR_MS), undefined);
});

test("a bucket that does not exist counts nothing", () => {
  const lengths = new AnswerLengths();
  lengths.heard({ route: "chat", provider: "openai", model: "gpt-5", buckets: [4_000_000_000], counts: [500] }, 0);
  assert.equal(lengths.usualOutputTokens("chat", "openai/gpt-5", 0), undefined);
});
