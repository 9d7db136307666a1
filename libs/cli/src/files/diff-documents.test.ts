// What differs between two documents.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diffDocuments } from "./diff-documents.ts";

const document = (...nodes: object[]) => ({ nodes });
const START = { id: "start", kind: "start", next: "m" };
const MODEL = { id: "m", kind: "model", model: "a", retries: 0 };

test("nodes that came, went and changed are told apart, field by field", () => {
  const after = document({ ...START, next: "n" }, { ...MODEL, model: "b", retries: 2 }, { id: "n", kind: "end" });
  assert.deepEqual(diffDocuments(document(START, MODEL, { id: "old", kind: "end" }), after), [
    "- old (end)",
    "+ n (end)",
    '~ start.next: "m" -> "n"',
    '~ m.model: "a" -> "b"',
    "~ m.retries: 0 -> 2",
  ]);
});

test("the order of nodes and fields is no difference", () => {
  const inner = (options: object) => ({ ...MODEL, options });
  assert.deepEqual(diffDocuments(document(START, inner({ a: 1, b: 2 })), document(inner({ b: 2, a: 1 }), START)), []);
});
