// Aligned columns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTable } from "./table.ts";

test("columns are as wide as their widest cell, and lines do not end in blanks", () => {
  assert.equal(
    formatTable(
      ["name", "n"],
      [
        ["support", "1"],
        ["a", ""],
      ],
    ),
    "name     n\nsupport  1\na",
  );
});

test("no rows say so", () => {
  assert.equal(formatTable(["name"], []), "(none)");
});

test("what is in a cell cannot steer the terminal", () => {
  assert.equal(formatTable(["a", "b"], [["x\u001b[2J", "y\nz"]]), "a           b\nx\\u001b[2J  y\\nz");
});
