// Which task a request looks like, and what the catalogue says of a model at it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleModel } from "../sample-models.ts";
import { predictQuality, type QualityFeatures, taskOf } from "./predict-quality.ts";

const FEATURES: QualityFeatures = {
  ...{ hasTools: false, hasImages: false, hasJsonSchema: false, estimatedInputTokens: 10n, task: undefined },
};

test("what the client says it is doing wins over what the request looks like", () => {
  assert.equal(taskOf(FEATURES), "chat");
  assert.equal(taskOf({ ...FEATURES, hasTools: true }), "tools");
  assert.equal(taskOf({ ...FEATURES, hasTools: true, hasImages: true }), "vision");
  assert.equal(taskOf({ ...FEATURES, hasJsonSchema: true }), "extraction");
  assert.equal(taskOf({ ...FEATURES, estimatedInputTokens: 32_001n }), "long_context");
  assert.equal(taskOf({ ...FEATURES, hasTools: true, task: "code" }), "code");
});

test("a task without a figure of its own has the general one; unknown is unknown, not zero", () => {
  const model = sampleModel("a/m", {
    quality: new Map([
      ["", 0.7],
      ["code", 0.9],
    ]),
  });
  assert.equal(predictQuality("code", model), 0.9);
  assert.equal(predictQuality("chat", model), 0.7);
  assert.equal(predictQuality("chat", sampleModel("a/m", { quality: new Map() })), undefined);
});
