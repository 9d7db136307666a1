// What a request costs on a draft: certain, estimated, or unknown, and never zero where nobody knows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel } from "../sample-models.ts";
import { answerOf, costAgain } from "./cost-again.ts";
import type { RunAgain, Way } from "./run-again.ts";
import { sampleAttempt } from "./sample-record.ts";

const rates = {
  input: 10n,
  cachedInput: 1n,
  cacheWrite5m: 12n,
  cacheWrite1h: 20n,
  output: 100n,
  reasoningOutput: 100n,
};
const price = { version: "v", tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd: 7n };
const B = sampleModel("b/m", { price, maxOutputTokens: 200n });
const A: Way = { model: "a/m" };
const REFUSED: Way = { refusalCode: "no_workers" };
const SEEN = { draw: false, model: false, hold: false, budget: false };

function run(before: Way, after: Way, more: Partial<RunAgain> = {}): RunAgain {
  const entry = "model" in after ? B : undefined;
  const about = { teamId: "t", teamName: "T", decidedAtMs: 1, unrecorded: SEEN, maxOutputTokens: 0n };
  return { ...about, before, after, entry, ...more };
}
const shown = ({ certainty, actual, draft, low, high }: ReturnType<typeof costAgain>) => [
  certainty,
  actual,
  draft,
  low,
  high,
];

test("the same way with one attempt costs what it cost, exactly", () => {
  assert.deepEqual(shown(costAgain(run(A, A), [sampleAttempt()])), ["exact", 5_000n, 5_000n, 5_000n, 5_000n]);
});

test("the same way is an estimate after a retry, or where the draft saw what was not recorded", () => {
  const two = [sampleAttempt({ outcome: "failed_billed", costPicoUsd: "1" }), sampleAttempt({ attempt: 2 })];
  const retried = costAgain(run(A, A), two);
  assert.deepEqual([...shown(retried), retried.isRetried], ["estimated", 5_001n, 5_001n, 5_001n, 5_001n, true]);
  assert.equal(costAgain(run(A, A, { unrecorded: { ...SEEN, draw: true } }), [sampleAttempt()]).certainty, "estimated");
});

test("another model is priced by the tokens of then, between no answer and the longest one", () => {
  const cost = costAgain(run(A, { model: "b/m" }), [sampleAttempt()]);
  const input = 7n + 600n * 10n + 400n * 1n;
  // At most: every input token at the dearest rate, and as long an answer as the model gives.
  assert.deepEqual(shown(cost), ["estimated", 5_000n, input + 5_000n, input, 7n + 1_000n * 20n + 200n * 100n]);
  assert.deepEqual(cost.moved, { withoutOutput: input, outputRate: 100n, cacheReads: 400n * 9n });
});

test("the most is by what was asked for, and unknown where nothing bounds an answer", () => {
  const moved = { model: "b/m" };
  assert.equal(costAgain(run(A, moved, { maxOutputTokens: 60n }), [sampleAttempt()]).high, 7n + 20_000n + 6_000n);
  const entry = { ...B, maxOutputTokens: 0n };
  assert.equal(costAgain(run(A, moved, { entry }), [sampleAttempt()]).high, undefined);
});

test("the attempt that answered is what is priced, not the one that failed", () => {
  const failed = sampleAttempt({ outcome: "failed_free", costPicoUsd: "0", inputTokens: 0n, cachedInputTokens: 0n });
  const answered = sampleAttempt({ attempt: 2 });
  assert.equal(answerOf([failed, answered]), answered);
  const [one, two] = [[answered], [failed, answered]].map(
    (attempts) => costAgain(run(A, { model: "b/m" }), attempts).draft,
  );
  assert.equal(one, two);
  assert.equal(answerOf([sampleAttempt({ outcome: "unknown" })]), undefined);
});

test("no answer, no price, nothing booked: unknown, each for its reason", () => {
  const moved = { model: "b/m" };
  const unpriced = { ...B, price: undefined };
  const rows = [
    [costAgain(run(A, moved), []), undefined, { hasNoAnswer: true, isUnpriced: false }],
    [costAgain(run(A, A), []), undefined, { hasNoAnswer: true, isUnpriced: false }],
    [
      costAgain(run(A, moved), [sampleAttempt({ outcome: "unknown" })]),
      5_000n,
      { hasNoAnswer: true, isUnpriced: false },
    ],
    [
      costAgain(run(A, moved, { entry: unpriced }), [sampleAttempt()]),
      5_000n,
      { hasNoAnswer: false, isUnpriced: true },
    ],
    [costAgain(run(A, A), [sampleAttempt({ costPicoUsd: "" })]), undefined, { hasNoAnswer: false, isUnpriced: true }],
  ] as const;
  for (const [{ certainty, actual, draft, hasNoAnswer, isUnpriced }, wanted, why] of rows) {
    assert.deepEqual([certainty, actual, draft, { hasNoAnswer, isUnpriced }], ["unknown", wanted, undefined, why]);
  }
});

test("what was refused costs nothing, then and on the draft; what would be served instead is unknown", () => {
  assert.deepEqual(shown(costAgain(run(REFUSED, REFUSED), [])), ["exact", 0n, 0n, 0n, 0n]);
  assert.deepEqual(shown(costAgain(run(A, REFUSED), [sampleAttempt()])), ["exact", 5_000n, 0n, 0n, 0n]);
  const instead = costAgain(run(REFUSED, { model: "b/m" }), []);
  assert.deepEqual(
    [instead.certainty, instead.actual, instead.draft, instead.isServedInstead],
    ["unknown", 0n, undefined, true],
  );
});
