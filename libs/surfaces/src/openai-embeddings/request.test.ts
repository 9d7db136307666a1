import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readEmbeddingsRequest } from "./request.ts";

const parse = (object: object) => readEmbeddingsRequest(Buffer.from(JSON.stringify(object)));

describe("readEmbeddingsRequest()", () => {
  it("reads what routing and holds need, and no output", () => {
    const request = parse({
      ...{ model: "m", input: ["12345678", "ü"], dimensions: 256, encoding_format: "base64", user: "u-1" },
      metadata: { plan: "paid" },
    });
    assert.deepEqual([request.wantsEmbeddings, request.stream, request.maxOutputTokens], [true, false, 0]);
    assert.deepEqual([request.endUserId, request.metadata.plan], ["u-1", "paid"]);
    const { textBytes, partCount, inputCount, estimatedTokens } = request.size;
    assert.deepEqual({ partCount, inputCount, estimatedTokens }, { partCount: 2, inputCount: 2, estimatedTokens: 3 });
    assert.equal(textBytes, Buffer.byteLength('["12345678","ü"]'));
  });

  it("bounds tokens by the bytes they are written in", () => {
    const { size } = parse({ model: "m", input: [1, 2, 3] });
    assert.deepEqual([size.inputCount, size.estimatedTokens], [1, 3]);
    assert.ok(size.textBytes >= 3);
  });

  it("takes 2048 inputs and not one more", () => {
    assert.equal(parse({ model: "m", input: Array(2_048).fill("a") }).size.inputCount, 2_048);
    assert.throws(() => parse({ model: "m", input: Array(2_049).fill("a") }), /at most 2048 inputs/);
  });

  const refusals: [object, string][] = [
    [{ input: "a" }, "model"],
    [{ model: "m" }, "input"],
    [{ model: "m", input: { text: "a" } }, "input"],
    [{ model: "m", input: "a", stream: true }, "stream"],
    [{ model: "m", input: "a", dimensions: 0 }, "dimensions"],
    [{ model: "m", input: "a", dimensions: "8" }, "dimensions"],
    [{ model: "m", input: "a", encoding_format: "hex" }, "encoding_format"],
    [{ model: "m", input: "a", user: 7 }, "user"],
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
