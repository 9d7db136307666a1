// The scale on which lengths of answers are counted: eight steps from each power of two to the next, so that a step is 9 % wide.

const STEPS_PER_OCTAVE = 8;
/** Ends at 2^40 tokens. */
export const ANSWER_LENGTH_BUCKETS = 40 * STEPS_PER_OCTAVE;

/** The bucket of an answer of so many tokens, 0 to ANSWER_LENGTH_BUCKETS - 1. */
export function answerLengthBucket(tokens: bigint): number {
  if (tokens <= 1n) return 0;
  return Math.min(ANSWER_LENGTH_BUCKETS - 1, Math.floor(Math.log2(Number(tokens)) * STEPS_PER_OCTAVE));
}

/** No answer of that bucket has more tokens than this. */
export function longestOfBucket(bucket: number): bigint {
  return BigInt(Math.ceil(2 ** ((bucket + 1) / STEPS_PER_OCTAVE)));
}
