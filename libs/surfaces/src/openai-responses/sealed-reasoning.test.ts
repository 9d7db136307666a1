import assert from "node:assert/strict";
import { test } from "node:test";
import { isSealedHere, mayHoldSealedHere, ofEncryptedContent, toEncryptedContent } from "./sealed-reasoning.ts";

test("what was sealed here comes back as what it was; another's is nothing", () => {
  for (const opaque of [
    { signature: "gemini.abc", sealed: "" },
    { signature: "", sealed: "box" },
  ]) {
    const content = toEncryptedContent(opaque);
    assert.deepEqual(ofEncryptedContent(content), opaque);
    const item = { type: "reasoning", summary: [], encrypted_content: content };
    assert.equal(isSealedHere(item), true);
    assert.equal(mayHoldSealedHere(Buffer.from(JSON.stringify({ input: [item] }))), true);
  }
  assert.equal(toEncryptedContent({ signature: "", sealed: "" }), null);
  assert.deepEqual(ofEncryptedContent("gAAAAAB"), { signature: "", sealed: "" });
  const own = { type: "reasoning", summary: [], encrypted_content: "gAAAAAB" };
  assert.deepEqual([isSealedHere(own), isSealedHere(null), isSealedHere({ type: "message" })], [false, false, false]);
  assert.equal(mayHoldSealedHere(Buffer.from(JSON.stringify({ input: [own] }))), false);
});
