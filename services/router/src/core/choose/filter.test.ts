// Who can serve a request, and what the client hears when nobody can.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel } from "../sample-models.ts";
import { type Circumstances, type Needs, reject, speakingRejection } from "./filter.ts";

const NEEDS: Needs = {
  hasTools: false,
  hasImages: false,
  hasJsonSchema: false,
  wantsEmbeddings: false,
  inputCount: 1,
  estimatedInputTokens: 10n,
  priceUnbounded: false,
};
const FINE: Circumstances = {
  ...{ isAllowed: true, isLive: true, circuit: "closed", unixMs: 1_000 },
  hasHardBudget: () => true,
};
const codeOf = (overrides: object, needs: Partial<Needs> = {}, circumstances: Partial<Circumstances> = {}) =>
  reject(sampleModel("a/m", overrides), { ...NEEDS, ...needs }, { ...FINE, ...circumstances })?.code;

test("a model that can do all of it, and has a worker, serves", () => {
  assert.equal(codeOf({}), undefined);
});

test("each reason has its code", () => {
  assert.equal(codeOf({}, {}, { isAllowed: false }), "model_not_allowed");
  assert.equal(codeOf({ capabilities: new Set() }, { hasTools: true }), "invalid_value");
  assert.equal(codeOf({ capabilities: new Set() }, { hasImages: true }), "invalid_value");
  assert.equal(codeOf({ capabilities: new Set() }, { hasJsonSchema: true }), "invalid_value");
  assert.equal(codeOf({}, { estimatedInputTokens: 128_001n }), "context_length_exceeded");
  assert.equal(codeOf({ contextWindowTokens: 0n }, { estimatedInputTokens: 128_001n }), undefined);
  assert.equal(codeOf({ price: undefined }), "price_unknown");
  assert.equal(codeOf({ price: undefined }, {}, { hasHardBudget: () => false }), undefined);
  assert.equal(codeOf({}, {}, { isLive: false }), "no_workers");
});

test("embeddings go to models for embeddings, and nothing else does", () => {
  const forEmbeddings = sampleModel("a/m", { capabilities: new Set(["embeddings"]) });
  const asked = { ...NEEDS, wantsEmbeddings: true };
  assert.equal(reject(forEmbeddings, asked, FINE), undefined);
  assert.deepEqual(reject(sampleModel("a/m"), asked, FINE), {
    ...{ code: "invalid_value", because: "does not support embeddings" },
  });
  assert.deepEqual(reject(forEmbeddings, NEEDS, FINE), { code: "invalid_value", because: "serves only embeddings" });
});

test("each input has a context window of its own", () => {
  assert.equal(codeOf({}, { estimatedInputTokens: 250_000n, inputCount: 2 }), undefined);
  assert.equal(codeOf({}, { estimatedInputTokens: 256_001n, inputCount: 2 }), "context_length_exceeded");
});

test("a model is out while its circuit is open or its provider wants to be left alone, and in while it is half open", () => {
  assert.equal(codeOf({}, {}, { circuit: "open" }), "upstream_unreachable");
  assert.equal(codeOf({}, {}, { circuit: "rate_limited" }), "upstream_rate_limited");
  assert.equal(codeOf({}, {}, { circuit: "half_open" }), undefined);
});

test("a model is out from the day its provider withdraws it", () => {
  assert.equal(codeOf({ deprecatedAtMs: 1_000 }, {}, { unixMs: 999 }), undefined);
  assert.equal(codeOf({ deprecatedAtMs: 1_000 }, {}, { unixMs: 1_000 }), "model_not_found");
});

test("what a price does not cover is refused where a hard budget applies, and only there", () => {
  const asked = { priceUnbounded: true };
  assert.deepEqual(reject(sampleModel("a/m"), { ...NEEDS, ...asked }, FINE), {
    code: "hold_unbounded",
    because: "the request asks for something that its price does not cover",
  });
  assert.equal(codeOf({}, asked, { hasHardBudget: () => false }), undefined);
});

test("of several reasons the client hears the one that may be over soonest", () => {
  const rejections = (["model_not_allowed", "price_unknown", "no_workers"] as const).map((code) => ({
    code,
    because: "",
  }));
  assert.equal(speakingRejection(rejections).code, "no_workers");
  assert.equal(speakingRejection(rejections.slice(0, 2)).code, "price_unknown");
  assert.throws(() => speakingRejection([]));
});
