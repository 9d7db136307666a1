import assert from "node:assert/strict";
import { test } from "node:test";
import { maskSecret } from "./upstream.ts";

const SECRET = "sk-0123456789";

test("a secret is masked wherever it stands, and where the text was cut within it", () => {
  assert.equal(maskSecret(`key ${SECRET}, again ${SECRET}`, SECRET), "key ***, again ***");
  for (let length = 4; length < SECRET.length; length += 1) {
    assert.equal(maskSecret(`key ${SECRET.slice(0, length)}…`, SECRET), "key ***…", String(length));
  }
});

test("what only begins like one is left alone", () => {
  for (const text of ["key sk-…", "key sk-0123", "nothing…", ""]) assert.equal(maskSecret(text, SECRET), text);
});
