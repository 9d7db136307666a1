// Tokens are the text, whatever it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findTinyModel, tinyModelMissing } from "../find-tiny-model.ts";
import { BOS, Tokenizer } from "./tokenizer.ts";

const found = await findTinyModel();
const skip = found === undefined ? tinyModelMissing() : false;

function model() {
  assert.ok(found);
  return found;
}

test("decoding what was encoded gives the text, whatever it is", { skip }, () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      const [bos, first, ...rest] = model().tokenizer.encode(text);
      assert.equal(bos, BOS);
      const bytes = first === undefined ? [] : [model().tokenizer.decode(first, true)];
      for (const id of rest) bytes.push(model().tokenizer.decode(id));
      assert.equal(Buffer.concat(bytes).toString(), text);
    }),
  );
});

test("a file of another size is refused", () => {
  const file = new Uint8Array(4 + 3 * 9).fill(0);
  for (const id of [0, 1, 2]) file[4 + id * 9 + 4] = 1;
  assert.doesNotThrow(() => new Tokenizer(file, 3));
  assert.throws(() => new Tokenizer(file, 2), /should have 22 bytes, it has 31/);
});
