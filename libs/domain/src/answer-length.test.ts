import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ANSWER_LENGTH_BUCKETS, answerLengthBucket, longestOfBucket } from "./answer-length.ts";

test("an answer is never longer than its bucket says, and hardly shorter", () => {
  const lengths = fc.bigInt({ min: 1n, max: 1n << 39n });
  fc.assert(
    fc.property(lengths, (tokens) => {
      const longest = longestOfBucket(answerLengthBucket(tokens));
      assert.ok(longest >= tokens);
      // 2^(1/8) is 1.0905; a whole token is the least there is.
      assert.ok(longest * 100n <= tokens * 110n + 200n, `${tokens}: ${longest}`);
    }),
  );
});

test("longer answers are in no earlier bucket, and there is a last one", () => {
  const length = fc.bigInt({ min: 0n, max: 1n << 70n });
  fc.assert(
    fc.property(length, length, (one, other) => {
      const [less, more] = one < other ? [one, other] : [other, one];
      assert.ok(answerLengthBucket(less) <= answerLengthBucket(more));
      assert.ok(answerLengthBucket(more) < ANSWER_LENGTH_BUCKETS);
    }),
  );
});
