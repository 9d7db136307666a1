import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readCompletionConversation } from "./read-conversation.ts";

const good = { model: "m", prompt: "Once upon" };

describe("readCompletionConversation()", () => {
  it("makes a plain prompt one message of the user's", () => {
    for (const prompt of ["Once upon", ["Once upon"]]) {
      const { turns, maxOutputTokens } = readCompletionConversation({ ...good, prompt });
      assert.deepEqual(turns, [{ role: "user", parts: [{ kind: "text", text: "Once upon", cache: undefined }] }]);
      assert.equal(maxOutputTokens, 16);
    }
  });

  it("keeps sampling, and names what it has no place for", () => {
    const read = readCompletionConversation({ ...good, temperature: 0.5, stop: "\n", seed: 7, logit_bias: { 5: 1 } });
    assert.deepEqual([read.sampling.temperature, read.sampling.stop, read.sampling.seed], [0.5, ["\n"], 7]);
    assert.deepEqual(read.unplaced, ["logit_bias"]);
  });

  it("takes for nothing what changes nothing", () => {
    const nothing = { n: 1, best_of: 1, echo: false, suffix: "", logprobs: null };
    assert.deepEqual(readCompletionConversation({ ...good, ...nothing }).unplaced, []);
  });

  const refusals: [object, string][] = [
    [{ prompt: ["a", "b"] }, "prompt"],
    [{ prompt: [1, 2] }, "prompt"],
    [{ n: 2 }, "n"],
    [{ best_of: 2 }, "best_of"],
    [{ suffix: "end" }, "suffix"],
    [{ echo: true }, "echo"],
    [{ logprobs: 0 }, "logprobs"],
  ];
  for (const [fields, param] of refusals) {
    it(`refuses ${JSON.stringify(fields)} by its name`, () => {
      assert.throws(
        () => readCompletionConversation({ ...good, ...fields }),
        (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
      );
    });
  }
});
