// Every model that a route names is a candidate, by whatever name, and in an open pool those that are served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRouteDocument } from "@waybill/routes";
import { candidatesOf, modelNamed } from "./baseline-candidates.ts";

const catalogue = {
  models: [
    { provider: "openai", model: "big", live: true },
    { provider: "openai", model: "small", live: false },
    { provider: "anthropic", model: "small", live: true },
    { provider: "mistral", model: "tiny", live: true },
  ],
  aliases: [{ name: "cheap", target: "mistral/tiny" }],
};

function documentOf(...models: (string | readonly string[])[]) {
  const nodes = models.map((model, index) => {
    const base = { id: `n${index}`, next: "end", ...(index + 1 < models.length && { fallback: `n${index + 1}` }) };
    return typeof model === "string" ? { ...base, kind: "model", model } : { ...base, kind: "auto", models: model };
  });
  const { document } = readRouteDocument({
    nodes: [{ id: "start", kind: "start", next: "n0" }, ...nodes, { id: "end", kind: "end" }],
  });
  assert.ok(document);
  return document;
}

test("models by their names, aliases and bare names, each once", () => {
  const found = candidatesOf(documentOf("openai/big", "cheap", "tiny", ["anthropic/small", "openai/big"]), catalogue);
  assert.deepEqual(found, ["anthropic/small", "mistral/tiny", "openai/big"]);
});

test("an open pool is what is served now", () => {
  assert.deepEqual(candidatesOf(documentOf([]), catalogue), ["anthropic/small", "mistral/tiny", "openai/big"]);
});

test("a name that is not known, or known twice, is no candidate", () => {
  assert.deepEqual(candidatesOf(documentOf("small", "openai/gone"), catalogue), []);
  assert.equal(modelNamed("big", catalogue), "openai/big");
  assert.equal(modelNamed("small", catalogue), undefined);
});
