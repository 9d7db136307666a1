// A checkpoint is read to its last byte, or refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readCheckpoint } from "./checkpoint.ts";

/** The smallest model there can be: everything is one number wide but the head, which needs a pair. */
function smallest(): Uint8Array {
  const [dim, hidden, layers, heads, kvHeads, vocabulary, context] = [2, 1, 1, 1, 1, 3, 4];
  const weights = vocabulary * dim + dim + 4 * dim * dim + dim + 3 * dim * hidden + dim + context * dim;
  const view = new DataView(new ArrayBuffer(28 + weights * 4));
  for (const [index, value] of [dim, hidden, layers, heads, kvHeads, vocabulary, context].entries()) {
    view.setInt32(index * 4, value, true);
  }
  for (let index = 0; index < weights; index++) view.setFloat32(28 + index * 4, index, true);
  return new Uint8Array(view.buffer);
}

test("weights lie in the file's order, and the embedding classifies where there is no classifier", () => {
  const { shape, weights } = readCheckpoint(smallest());
  assert.equal(shape.context, 4);
  assert.deepEqual([...weights.tokenEmbedding], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...(weights.attentionNorm[0] ?? [])], [6, 7]);
  assert.deepEqual([...(weights.query[0] ?? [])], [8, 9, 10, 11]);
  assert.deepEqual([...weights.finalNorm], [32, 33]);
  assert.equal(weights.classifier, weights.tokenEmbedding);
});

test("a file that is cut short or too long is refused", () => {
  const whole = smallest();
  assert.throws(() => readCheckpoint(whole.subarray(0, whole.length - 4)), /should have|Offset/);
  assert.throws(() => readCheckpoint(new Uint8Array([...whole, 0, 0, 0, 0])), /should have/);
});
