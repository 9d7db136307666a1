// Colours or none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makePaint, paintDiffLine } from "./colour.ts";

test("without a terminal a text stays as it is", () => {
  for (const line of ["+ a", "- b", "~ c.d: 1 -> 2"]) assert.equal(paintDiffLine(makePaint(false), line), line);
});

test("what came is green, what went is red, what changed is yellow", () => {
  const paint = makePaint(true);
  assert.deepEqual(
    ["+ a", "- b", "~ c", "d"].map((line) => paintDiffLine(paint, line)),
    ["\u001b[32m+ a\u001b[0m", "\u001b[31m- b\u001b[0m", "\u001b[33m~ c\u001b[0m", "d"],
  );
});
