import assert from "node:assert/strict";
import { test } from "node:test";
import { signatureOf, tagSignature } from "./signature-tag.ts";

test("a signature comes back to its maker alone", () => {
  const tagged = tagSignature("gemini", "c2ln+/=");
  assert.equal(signatureOf("gemini", tagged), "c2ln+/=");
  assert.equal(signatureOf(undefined, tagged), "");
  assert.equal(signatureOf("gemini", "c2ln"), "");
  assert.equal(signatureOf(undefined, "c2ln"), "c2ln");
});
