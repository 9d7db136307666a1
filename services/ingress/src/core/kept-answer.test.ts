import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeAnswer, encodeAnswer, type KeptAnswer } from "./kept-answer.ts";

const answer: KeptAnswer = {
  ...{ requestId: "r", isStream: true, status: 200, contentType: "text/event-stream", costUsd: "0.1" },
  head: {
    ...{
      route: "x@v1",
      path: "a>b",
      reason: "",
      mode: "",
      sessionAffinity: "",
      provider: "p",
      model: "m",
      attempts: 2,
    },
    ...{
      simulated: true,
      budgetRemainingUsd: "",
      clamped: true,
      maxOutputTokens: 2n ** 60n,
      mayBeStopped: false,
      droppedFields: ["seed"],
    },
    isReplayed: false,
    ...{ cache: "", cacheAgeSeconds: 0, savedUsd: "" },
  },
  body: Buffer.from("data: {\u0000}\n\n"),
};

test("an answer comes back as it was kept, whatever its bytes are", () => {
  assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer);
  assert.deepEqual(decodeAnswer(encodeAnswer({ ...answer, body: Buffer.alloc(0) })), {
    ...answer,
    body: Buffer.alloc(0),
  });
});

test("what is damaged is none", () => {
  const bytes = encodeAnswer(answer);
  for (const broken of [Buffer.alloc(0), bytes.subarray(0, 20), Buffer.from("\uffff\uffff\uffff")]) {
    assert.equal(decodeAnswer(broken), undefined);
  }
});
