// What is known of an attempt's tokens when it is over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameFailed, FrameFinished, FrameStarted, TokenUsage } from "@waybill/wire";
import { tokensUsed } from "./tokens-used.ts";

test("an answer says its tokens; what was not charged or not sent used none; of anything else nobody knows", () => {
  const usage = TokenUsage.fromPartial({ input: 10n, cachedInput: 4n, output: 5n, reasoningOutput: 2n });
  assert.deepEqual(tokensUsed({ kind: "finished", frame: FrameFinished.fromPartial({ usage }) }), { tokens: 15n });
  assert.deepEqual(tokensUsed({ kind: "finished", frame: FrameFinished.create({}) }), { tokens: undefined });
  const failed = (mayBeBilled: boolean) =>
    tokensUsed({ kind: "failed", frame: FrameFailed.fromPartial({ mayBeBilled }) });
  assert.deepEqual([failed(false), failed(true)], [{ tokens: 0n }, { tokens: undefined }]);
  assert.deepEqual(tokensUsed({ kind: "unclaimed" }), { tokens: 0n });
  assert.deepEqual(tokensUsed({ kind: "worker_lost" }), { tokens: undefined });
});

test("until then there is nothing to say", () => {
  assert.equal(tokensUsed({ kind: "data", bytes: new Uint8Array(), countedOutputTokens: 0 }), undefined);
  assert.equal(tokensUsed({ kind: "started", frame: FrameStarted.create({}) }), undefined);
});
