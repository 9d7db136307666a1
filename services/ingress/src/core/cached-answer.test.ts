import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Decision, FrameFinished } from "@waybill/wire";
import type { AnswerHead } from "../ports.ts";
import { cachedAnswer, decodeCached, encodeCached, isFresh } from "./cached-answer.ts";
import { encodeAnswer } from "./kept-answer.ts";

const head = { model: "m", maxOutputTokens: 5n } as AnswerHead;
const answer = {
  ...{ requestId: "r", isStream: false, status: 200, contentType: "application/json", costUsd: "", head },
  body: Buffer.from('{"é":1}'),
};
const target = { provider: "sim", model: "economy", upstreamModel: "m", simulated: true };
const decision = (changes: Partial<Decision> = {}) => Decision.create({ target, ...changes });
const finished = (changes: Partial<FrameFinished> = {}) =>
  FrameFinished.create({ costKnown: true, costPicoUsd: 1_500_000n, finishReason: "stop", ...changes });

describe("an answer for others", () => {
  it("says who gave it and what it cost", () => {
    const kept = cachedAnswer(answer, decision(), finished(), true, 7_000);
    assert.deepEqual([kept?.givenBy, kept?.costUsd, kept?.keptAtMs], ["sim/economy", "0.0000015", 7_000]);
    assert.equal(cachedAnswer(answer, decision(), finished({ costKnown: false }), true, 7_000)?.costUsd, "");
  });

  it("is whole, and was not made shorter by the money of who asked", () => {
    assert.equal(cachedAnswer(answer, decision({ clamped: true }), finished(), true, 0), undefined);
    assert.equal(cachedAnswer({ ...answer, status: 202 }, decision(), finished(), true, 0), undefined);
    const unsure = ["content_filter", "refusal", "SAFETY", "error", "insufficient_system_resource", "novel", ""];
    for (const finishReason of unsure) {
      assert.equal(cachedAnswer(answer, decision(), finished({ finishReason }), true, 0), undefined, finishReason);
    }
    const ends = ["stop", "length", "tool_calls", "end_turn", "max_tokens", "eos", "completed", "max_output_tokens"];
    for (const finishReason of ends) {
      assert.ok(cachedAnswer(answer, decision(), finished({ finishReason }), true, 0), finishReason);
    }
  });

  it("was not cut by a limit that who asked did not set", () => {
    for (const finishReason of ["length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"]) {
      assert.equal(cachedAnswer(answer, decision(), finished({ finishReason }), false, 0), undefined, finishReason);
    }
    for (const finishReason of ["stop", "tool_calls", "end_turn", "completed"]) {
      assert.ok(cachedAnswer(answer, decision(), finished({ finishReason }), false, 0), finishReason);
    }
  });

  it("is fresh until its age is what who asks allows", () => {
    const kept = cachedAnswer(answer, decision(), finished(), true, 7_000);
    assert.ok(kept);
    assert.equal(isFresh(kept, 60, 66_999), true);
    assert.equal(isFresh(kept, 60, 67_000), false);
  });

  it("comes out of its store as it went in; what is no such thing does not", () => {
    const kept = cachedAnswer(answer, decision(), finished(), true, 7_000);
    assert.ok(kept);
    assert.deepEqual(decodeCached(encodeCached(kept)), kept);
    assert.equal(decodeCached(encodeAnswer(answer)), undefined);
    assert.equal(decodeCached(Buffer.from("x")), undefined);
  });
});
