// Texts of decisions, as lists are filtered by them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterText, PATH_SEPARATOR } from "./decision-row.ts";

test("a text to filter by holds nothing that Postgres cannot store or that separates a path, and is bounded", () => {
  assert.equal(filterText(`a\0b${PATH_SEPARATOR}c\n`), "abc");
  assert.equal(filterText("Zoë/模型:x"), "Zoë/模型:x");
  assert.equal(filterText("x".repeat(1_000)).length, 256);
});
