// JSON as text: it says the same as JSON.stringify, in lines that can be compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printJson } from "./print-json.ts";

test("what is printed is the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(JSON.stringify(JSON.parse(printJson(value))), JSON.stringify(value));
    }),
  );
});

test("lists of plain values stand on one line, everything else one to a line", () => {
  assert.equal(printJson({ a: ["x", 1], b: [{ c: {} }], d: undefined }), PRINTED);
});

const PRINTED = `{
  "a": ["x", 1],
  "b": [
    {
      "c": {}
    }
  ]
}
`;
