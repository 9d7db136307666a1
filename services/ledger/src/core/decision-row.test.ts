// Texts of decisions, as lists are filtered by them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterText, PATH_SEPARATOR, sessionText } from "./decision-row.ts";

test("a text to filter by holds nothing that Postgres cannot store or that separates a path, and is bounded", () => {
  assert.equal(filterText(`a\0b${PATH_SEPARATOR}c\n`), "abc");
  assert.equal(filterText("Zoë/模型:x"), "Zoë/模型:x");
  assert.equal(filterText("x".repeat(1_000)).length, 256);
});

test("a session's name is short, and no character of either is cut in half", () => {
  assert.equal(sessionText("x".repeat(1_000)).length, 128);
  assert.equal(sessionText(`${"x".repeat(127)}😀`), "x".repeat(127));
  assert.equal(filterText(`${"x".repeat(255)}😀`), "x".repeat(255));
});
