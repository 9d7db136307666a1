// What of a client's text the books keep.
import assert from "node:assert/strict";
import { test } from "node:test";
import { storable } from "./storable-text.ts";

test("a text stays as it is, but for NUL and what is beyond 512 characters", () => {
  assert.equal(storable("Grüße\n"), "Grüße\n");
  assert.equal(storable("a\0b"), "a\uFFFDb");
  assert.equal(storable("x".repeat(600)).length, 512);
});

test("a character is never cut in half", () => {
  assert.equal(storable(`${"x".repeat(511)}😀`), "x".repeat(511));
});
