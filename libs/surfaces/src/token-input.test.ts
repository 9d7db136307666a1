import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { estimateTokens, readTokenInputs } from "./token-input.ts";

describe("readTokenInputs()", () => {
  it("reads each of the four forms as a list of inputs", () => {
    assert.deepEqual(readTokenInputs("hi", "input", 4), ["hi"]);
    assert.deepEqual(readTokenInputs(["hi", ""], "input", 4), ["hi", ""]);
    assert.deepEqual(readTokenInputs([1, 2], "input", 4), [[1, 2]]);
    assert.deepEqual(readTokenInputs([[1], [2, 3]], "input", 4), [[1], [2, 3]]);
  });

  it("bounds the inputs, not the tokens of one", () => {
    assert.equal(readTokenInputs([1, 2, 3, 4, 5], "input", 4).length, 1);
    assert.throws(() => readTokenInputs(["a", "b", "c", "d", "e"], "input", 4), /input must be at most 4 inputs/);
  });

  const refusals: [unknown, string][] = [
    [undefined, "input"],
    [null, "input"],
    [7, "input"],
    [[], "input"],
    [[{ text: "x" }], "input"],
    [["a", 1], "input[1]"],
    [[1, "a"], "input[1]"],
    [[1, -1], "input[1]"],
    [[1, 1.5], "input[1]"],
    [[[1], []], "input[1]"],
    [[[1], "a"], "input[1]"],
    [[[1], [1, "a"]], "input[1][1]"],
  ];
  for (const [given, param] of refusals) {
    it(`names ${param} in ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => readTokenInputs(given, "input", 4),
        (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
      );
    });
  }
});

describe("estimateTokens()", () => {
  it("counts tokens and guesses texts", () => {
    assert.equal(estimateTokens(["12345678", "1"]), 3);
    assert.equal(estimateTokens([[1, 2], [3]]), 3);
  });
});
