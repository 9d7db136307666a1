// What may steer a terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText } from "./plain-text.ts";

test("control characters are shown, not obeyed; every other letter stays", () => {
  assert.equal(plainText("a\u001b[2Jb\nc\u202ed"), "a\\u001b[2Jb\\nc\\u202ed");
  assert.equal(plainText("Grüße → 世界"), "Grüße → 世界");
});
