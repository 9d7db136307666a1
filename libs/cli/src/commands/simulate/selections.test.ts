// Models and their shares as options say them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectReplacement, collectSelection } from "./selections.ts";

test("a model with or without a share, and what it stands in for", () => {
  const first = collectSelection("ollama/llama3:8b", undefined);
  assert.deepEqual(collectSelection("a/b=1/3", first), [
    { model: "ollama/llama3:8b", share: "1" },
    { model: "a/b", share: "1/3" },
  ]);
  assert.deepEqual(collectReplacement("a/b=c/d=0.7", undefined), [{ of: "a/b", model: "c/d", share: "0.7" }]);
});

test("anything else is refused", () => {
  for (const text of ["", "model", "a/b=", "a/b=1=2"])
    assert.throws(() => collectSelection(text, undefined), /must be/);
  for (const text of ["a/b", "a/b=c", "a/b=c/d=", "a/b=c/d=1=2"]) {
    assert.throws(() => collectReplacement(text, undefined), /must be/);
  }
});
