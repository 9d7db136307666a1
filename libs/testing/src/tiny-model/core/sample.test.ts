// The next token is the best one, or one of the likeliest by chance.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../seeded-random.ts";
import { sample } from "./sample.ts";

test("sampling takes the best at temperature 0 and only the likeliest within top_p", () => {
  const logits = () => Float32Array.of(0, 3, 1, 2);
  assert.equal(sample(logits(), { temperature: 0, topP: 1, random: () => 0 }), 1);
  const random = seededRandom(1);
  const seen = new Set(Array.from({ length: 200 }, () => sample(logits(), { temperature: 1, topP: 0.8, random })));
  assert.deepEqual([...seen].sort(), [1, 3]);
});
