// What is held is never less than what can be billed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf } from "@waybill/domain";
import fc from "fast-check";
import {
  type BoundedRequest,
  coveredOutputTokens,
  holdSize,
  inputBound,
  isFree,
  likelyTokens,
  outputBound,
} from "./bounds.ts";
import { sampleModel, samplePrice } from "./sample-models.ts";

const REQUEST: BoundedRequest = {
  maxOutputTokens: 100n,
  choiceCount: 1,
  inputTextBytes: 1_000n,
  ...{ exactInputTokens: 0n, exactTokenizer: "" },
  inputPartCount: 2,
  hasUnseenInput: false,
  hasImages: false,
  wantsEmbeddings: false,
  inputCount: 1,
};
const MODEL = sampleModel("sim/premium");

test("input that is not shown, and images, count as the whole context window, rounded up", () => {
  assert.equal(inputBound({ ...REQUEST, hasUnseenInput: true }, MODEL), 134_400n);
  assert.equal(inputBound({ ...REQUEST, hasImages: true }, MODEL), 134_400n);
  assert.equal(inputBound({ ...REQUEST, hasUnseenInput: true }, { ...MODEL, contextWindowTokens: 0n }), undefined);
});

test("shown input is at most its bytes and the provider's overhead, and never more than fits", () => {
  assert.equal(inputBound(REQUEST, MODEL), 1_000n + 2n * 16n + 400n);
  assert.equal(inputBound({ ...REQUEST, inputTextBytes: 10_000_000n }, MODEL), 134_400n);
});

test("tokens that were counted take the place of bytes, at models that count so, and nowhere else", () => {
  const counted = { ...REQUEST, exactInputTokens: 250n, exactTokenizer: "o200k_base" };
  assert.equal(inputBound(counted, { ...MODEL, tokenizer: "o200k_base" }), 250n + 2n * 16n + 400n);
  for (const tokenizer of ["cl100k_base", "", undefined]) {
    const model = tokenizer === undefined ? MODEL : { ...MODEL, tokenizer };
    assert.equal(inputBound(counted, model), 1_000n + 2n * 16n + 400n);
  }
  assert.equal(inputBound(REQUEST, { ...MODEL, tokenizer: "" }), 1_000n + 2n * 16n + 400n);
});

test("output is bounded by the least of what is known; nothing known is no bound", () => {
  assert.equal(outputBound(REQUEST, MODEL), 100n);
  assert.equal(outputBound({ ...REQUEST, maxOutputTokens: 1_000_000n }, MODEL), 4_096n);
  assert.equal(outputBound({ ...REQUEST, maxOutputTokens: 0n }, { ...MODEL, maxOutputTokens: 0n }), 128_000n);
  const nothing = { contextWindowTokens: 0n, maxOutputTokens: 0n };
  assert.equal(outputBound({ ...REQUEST, maxOutputTokens: 0n }, nothing), undefined);
  assert.equal(holdSize({ ...REQUEST, maxOutputTokens: 0n }, nothing, samplePrice(1n, 1n), 16n), undefined);
});

test("embeddings have no output: what is held is their input, and no share of a budget bounds it", () => {
  const asked = { ...REQUEST, maxOutputTokens: 0n, wantsEmbeddings: true };
  const size = holdSize(asked, { contextWindowTokens: 0n, maxOutputTokens: 0n }, samplePrice(3n, 1_000n), 16n);
  assert.deepEqual([size?.outputTokensMax, size?.boundedByShare], [0n, false]);
  assert.deepEqual([size?.worstPicoUsd, size?.leastPicoUsd, size?.worstTokens], [1_432n * 3n, 1_432n * 3n, 1_432n]);
});

test("each input has a context window of its own", () => {
  const long = { ...REQUEST, inputTextBytes: 10_000_000n };
  assert.equal(inputBound({ ...long, inputCount: 3 }, MODEL), 3n * 128_000n + (3n * 128_000n) / 20n);
  assert.equal(inputBound({ ...long, inputCount: 0 }, MODEL), 134_400n);
});

test("a cost that does not fit a hold is no hold", () => {
  assert.equal(holdSize(REQUEST, MODEL, samplePrice(1n, 10n ** 18n), 16n), undefined);
});

test("the least that makes a call worth while is a few tokens of output, or what was asked if that is less", () => {
  const size = holdSize({ ...REQUEST, choiceCount: 2 }, MODEL, samplePrice(1n, 10n), 16n);
  assert.equal(size?.worstPicoUsd, 1_432n + 2_000n);
  assert.equal(size?.leastPicoUsd, 1_432n + 320n);
  const tiny = holdSize({ ...REQUEST, maxOutputTokens: 3n }, MODEL, samplePrice(1n, 10n), 16n);
  assert.equal(tiny?.leastPicoUsd, tiny?.worstPicoUsd);
});

test("what is likely is the worst case, or what answers stay within where that is known and less", () => {
  const asked = { ...REQUEST, choiceCount: 2 };
  const likely = (observed?: bigint) => {
    const size = holdSize(asked, MODEL, samplePrice(1n, 10n), 16n, observed);
    return [size?.worstPicoUsd, size?.likelyPicoUsd, size?.likelyTokens];
  };
  assert.deepEqual(likely(), [3_432n, 3_432n, 1_632n]);
  assert.deepEqual(likely(40n), [3_432n, 2_232n, 1_512n]);
  assert.deepEqual(likely(5_000n), [3_432n, 3_432n, 1_632n]);
});

test("any usage within the clamped limits costs at most what is held", () => {
  const arbitrary = fc.record({
    bytes: fc.bigInt({ min: 0n, max: 200_000n }),
    max: fc.bigInt({ min: 0n, max: 10_000n }),
    choices: fc.integer({ min: 1, max: 8 }),
    inputRate: fc.bigInt({ min: 0n, max: 20_000_000n }),
    outputRate: fc.bigInt({ min: 0n, max: 80_000_000n }),
    /** In thousandths between the least and the worst. */
    share: fc.bigInt({ min: 0n, max: 1_000n }),
  });
  fc.assert(
    fc.property(arbitrary, ({ bytes, max, choices, inputRate, outputRate, share }) => {
      const price = samplePrice(inputRate, outputRate);
      const request = { ...REQUEST, inputTextBytes: bytes, maxOutputTokens: max, choiceCount: choices };
      const size = holdSize(request, MODEL, price, 16n);
      assert.ok(size && size.leastPicoUsd <= size.worstPicoUsd);
      const held = size.leastPicoUsd + ((size.worstPicoUsd - size.leastPicoUsd) * share) / 1_000n;
      const covered = coveredOutputTokens(size, price, held);
      assert.ok(covered <= size.outputTokensMax);
      assert.ok(covered >= (size.outputTokensMax < 16n ? size.outputTokensMax : 16n), "the least is always covered");
      const output = covered * BigInt(choices);
      const usage = { input: size.inputTokensMax, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output };
      assert.ok(costOf({ ...usage, reasoningOutput: 0n }, price) <= held);
    }),
  );
});

test("only a price of nothing but zeros is free", () => {
  assert.ok(isFree(samplePrice(0n, 0n)));
  assert.ok(!isFree(samplePrice(0n, 1n)));
  assert.ok(!isFree({ ...samplePrice(0n, 0n), perRequestPicoUsd: 1n }));
});

test("what a request will likely use goes by what is known of it", () => {
  const request = { maxOutputTokens: 0n, choiceCount: 2, wantsEmbeddings: false, estimatedInputTokens: 100n };
  assert.equal(likelyTokens(request), 2_100);
  assert.equal(likelyTokens(request, 4_000n), 8_100);
  assert.equal(likelyTokens({ ...request, maxOutputTokens: 50n }, 4_000n), 200);
  assert.equal(likelyTokens({ ...request, maxOutputTokens: 500n }, 10n), 120);
  assert.equal(likelyTokens({ ...request, wantsEmbeddings: true }), 100);
});
