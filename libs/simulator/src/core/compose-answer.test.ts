// The answer always says that it is simulated, is bounded, and obeys the request's limits.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { composeAnswer, type Question } from "./compose-answer.ts";

const question: Question = {
  modelName: "sim/economy",
  choice: 0,
  lastUserText: "Where is my parcel?",
  inputTokens: 12,
  messages: 1,
  wantsJson: false,
  stop: [],
  maxTokens: undefined,
  sentences: 3,
};
const textOf = (asked: Question) => composeAnswer(asked).tokens.join("");

test("it says that it is simulated, by whom, and what was asked", () => {
  const text = textOf(question);
  assert.ok(text.startsWith("[simulated answer from sim/economy]"));
  assert.match(text, /Where is my parcel\?/);
});

test("the same question has the same answer; another choice or model another", () => {
  assert.equal(textOf(question), textOf({ ...question }));
  assert.notEqual(textOf(question), textOf({ ...question, choice: 1 }));
});

test("whatever is asked, it stays short and well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (lastUserText) => {
      const { tokens } = composeAnswer({ ...question, lastUserText });
      assert.ok(tokens.length > 20 && tokens.length < 250);
      assert.ok(!/\p{Surrogate}/u.test(tokens.join("")));
    }),
  );
  const { tokens } = composeAnswer({ ...question, lastUserText: "Tell me about parcels. ".repeat(1_000) });
  assert.ok(tokens.length >= 60 && tokens.length <= 120, `${tokens.length} is typical`);
});

test("max_tokens cuts with finish_reason length, exactly", () => {
  const whole = composeAnswer(question).tokens.length;
  for (const maxTokens of [1, 5, whole - 1]) {
    const { tokens, finishReason } = composeAnswer({ ...question, maxTokens });
    assert.equal(tokens.length, maxTokens);
    assert.equal(finishReason, "length");
  }
  assert.equal(composeAnswer({ ...question, maxTokens: whole }).finishReason, "stop");
});

test("a stop sequence ends the text before it", () => {
  assert.ok(!textOf({ ...question, stop: ["parcel", "nowhere"] }).includes("parcel"));
  assert.equal(textOf({ ...question, stop: ["["] }), "");
});

test("where JSON is asked for, it is JSON and says so too", () => {
  assert.equal(JSON.parse(textOf({ ...question, wantsJson: true })).simulated, true);
});
