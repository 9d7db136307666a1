import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readCompletionRequest } from "./request.ts";

const good = { model: "m", prompt: "Once" };
const parse = (object: object) => readCompletionRequest(Buffer.from(JSON.stringify(object)));

describe("readCompletionRequest()", () => {
  it("allows sixteen tokens where nothing is said, as the API does", () => {
    assert.equal(parse(good).maxOutputTokens, 16);
    assert.equal(parse({ ...good, max_tokens: null }).maxOutputTokens, 16);
    assert.equal(parse({ ...good, max_tokens: 7 }).maxOutputTokens, 7);
  });

  it("counts what is made of every prompt, shown or not", () => {
    assert.equal(parse(good).choiceCount, 1);
    assert.equal(parse({ ...good, prompt: ["a", "b", "c"], n: 2 }).choiceCount, 6);
    assert.equal(parse({ ...good, prompt: ["a", "b"], n: 2, best_of: 5 }).choiceCount, 10);
    assert.equal(parse({ ...good, prompt: [1, 2, 3] }).choiceCount, 1);
  });

  it("measures prompt and suffix, each prompt with a window of its own", () => {
    const { size } = parse({ ...good, prompt: ["12345678", "12345678"], suffix: "1234" });
    assert.deepEqual([size.inputCount, size.partCount, size.estimatedTokens], [2, 2, 5]);
    assert.equal(size.textBytes, '["12345678","12345678"]'.length + '"1234"'.length);
  });

  it("knows whether usage was asked for", () => {
    assert.equal(parse({ ...good, stream: true }).wantsUsage, false);
    assert.equal(parse({ ...good, stream: true, stream_options: { include_usage: true } }).wantsUsage, true);
  });

  const refusals: [object, string][] = [
    [{ prompt: "a" }, "model"],
    [{ model: "m" }, "prompt"],
    [{ ...good, prompt: [] }, "prompt"],
    [{ ...good, prompt: ["a", 1] }, "prompt[1]"],
    [{ ...good, n: 0 }, "n"],
    [{ ...good, best_of: 129 }, "best_of"],
    [{ ...good, max_tokens: 0 }, "max_tokens"],
    [{ ...good, echo: "yes" }, "echo"],
    [{ ...good, logprobs: true }, "logprobs"],
    [{ ...good, suffix: 1 }, "suffix"],
    [{ ...good, stream: 1 }, "stream"],
    [{ ...good, stream_options: { include_usage: 1 } }, "stream_options.include_usage"],
  ];
  for (const [body, param] of refusals) {
    it(`names ${param} in ${JSON.stringify(body)}`, () => {
      assert.throws(
        () => parse(body),
        (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
      );
    });
  }
});
