// Tokens are the text in pieces, about four characters each.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokensOfBytes, toTokens } from "./tokens.ts";

test("the tokens of a text, joined, are the text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => assert.equal(toTokens(text).join(""), text)));
});

test("English has about four characters to a token, as input and as output", () => {
  const text = "The route, the price and the ledger entry of this call are real, only the words are not. ".repeat(20);
  const ratio = text.length / toTokens(text).length;
  assert.ok(ratio > 3.5 && ratio < 5, `${ratio}`);
  assert.equal(tokensOfBytes(9), 3);
});
