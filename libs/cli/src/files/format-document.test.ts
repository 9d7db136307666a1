// Documents as text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDocument } from "./format-document.ts";

const DOCUMENT = {
  nodes: [
    { next: "end", kind: "start", id: "start" },
    { id: "end", kind: "end" },
  ],
};

test("a node is a line, its id and kind first", () => {
  assert.equal(
    formatDocument(DOCUMENT),
    `{
  "nodes": [
    { "id": "start", "kind": "start", "next": "end" },
    { "id": "end", "kind": "end" }
  ]
}
`,
  );
});

test("what is long is spread over lines, and everything is still JSON with the same meaning", () => {
  const condition = `metadata.x == "${"long".repeat(30)}"`;
  const document = { version: 1, about: "x", nodes: [{ condition, id: "if", kind: "if", branches: [{ a: 1 }] }] };
  const text = formatDocument(document);
  assert.deepEqual(JSON.parse(text), document);
  assert.match(text, /\{\n {6}"id": "if",\n {6}"kind": "if",\n {6}"branches": \[/);
});

test("the order in which fields came changes nothing", () => {
  const turned = { nodes: DOCUMENT.nodes.map((node) => Object.fromEntries(Object.entries(node).reverse())) };
  assert.equal(formatDocument(turned), formatDocument(DOCUMENT));
});
