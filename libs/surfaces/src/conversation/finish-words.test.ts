import assert from "node:assert/strict";
import { test } from "node:test";
import { writeMessage } from "../anthropic-messages/write-answer.ts";
import { writeChatAnswer } from "../openai-chat/write-answer.ts";
import { ChatWriter } from "../openai-chat/write-stream.ts";
import { writeCompletion } from "../openai-completions/write-answer.ts";
import { writeResponse } from "../openai-responses/write-answer.ts";
import { assembleAnswer } from "./answer.ts";
import type { AnswerEvent } from "./answer-event.ts";
import { readFinishWord, weakerFinishWord } from "./finish-words.ts";

const facts = { attemptId: "r.1", model: "m", createdUnixSeconds: 1 };
const text: AnswerEvent = { kind: "text", choice: 0, text: "half" };

test("synonyms say the same, in small letters or large", () => {
  for (const [word, reason] of [
    ["stop", "stop"],
    ["end_turn", "stop"],
    ["COMPLETE", "stop"],
    ["eos_token", "stop"],
    ["MAX_TOKENS", "length"],
    ["model_length", "length"],
    ["function_call", "tool_calls"],
    ["STOP_SEQUENCE", "stop_sequence"],
    ["sensitive", "content_filter"],
    ["model_context_window_exceeded", "context_full"],
  ] as const) {
    assert.equal(readFinishWord(word), reason, word);
  }
});

test("a word that says the answer broke off is no reason to finish", () => {
  for (const word of [
    "error",
    "ERROR",
    "abort",
    "aborted",
    "insufficient_system_resource",
    "network_error",
    "TIMEOUT",
  ]) {
    assert.equal(readFinishWord(word), "broken", word);
  }
});

test("a word that nobody here knows stays what it is, at a bounded length", () => {
  assert.deepEqual(readFinishWord("Novel_Reason"), { other: "Novel_Reason" });
  assert.deepEqual(readFinishWord("constructor"), { other: "constructor" });
  assert.deepEqual(readFinishWord("x".repeat(1_000)), { other: "x".repeat(64) });
});

test("several choices are as whole as the least whole of them", () => {
  const words = ["stop", "content_filter", "novel", "error"];
  for (const [index, word] of words.entries()) {
    for (const other of words.slice(0, index)) {
      assert.deepEqual([weakerFinishWord(word, other), weakerFinishWord(other, word)], [word, word]);
    }
  }
  assert.deepEqual([weakerFinishWord("stop", "length"), weakerFinishWord("stop", "")], ["length", ""]);
});

test("an unknown reason is passed on in every dialect, and says of none that it is whole", () => {
  const finish: AnswerEvent = { kind: "finish", choice: 0, reason: { other: "novel" }, stopSequence: "" };
  const answer = assembleAnswer([text, finish]);
  assert.ok(!("kind" in answer));
  assert.match(JSON.stringify(writeChatAnswer(answer, facts)), /"finish_reason":"novel"/);
  assert.match(new ChatWriter(facts).write(finish), /"finish_reason":"novel"/);
  assert.match(JSON.stringify(writeCompletion(answer, facts)), /"finish_reason":"novel"/);
  assert.match(JSON.stringify(writeMessage(answer, facts)), /"stop_reason":"novel"/);
  const { status, incomplete_details: details } = writeResponse(answer, facts) as Record<string, unknown>;
  assert.deepEqual([status, details], ["incomplete", { reason: "novel" }]);
});

test("an answer of which a choice did not finish, or broke off, is none", () => {
  const finish: AnswerEvent = { kind: "finish", choice: 0, reason: "stop", stopSequence: "" };
  for (const events of [
    [text],
    [text, { kind: "broken", choice: 0, said: "error" }],
    [text, { ...text, choice: 1 }, finish],
  ] satisfies AnswerEvent[][]) {
    const answer = assembleAnswer(events);
    assert.ok("kind" in answer && answer.code === "upstream_truncated");
  }
});
