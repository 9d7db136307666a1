// The presets: every one is a sound route as it stands, and with the models of another catalogue.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "../condition/compile-condition.ts";
import { checkGraph } from "../document/check-graph.ts";
import { readRouteDocument } from "../document/read-document.ts";
import type { RouteDocument } from "../document/route-document.ts";
import { exportRoute } from "../shapes/export-route.ts";
import { importRoute } from "../shapes/import-route.ts";
import { presetFor, presets } from "./presets.ts";

function isSound(document: RouteDocument): void {
  const read = readRouteDocument(JSON.parse(JSON.stringify(document)));
  assert.deepEqual(read, { document, problems: [] });
  assert.deepEqual(checkGraph(document), []);
  for (const node of document.nodes) {
    if (node.kind === "if") compileCondition(node.condition, (where, problem) => assert.fail(`${where} ${problem}`));
  }
}

function modelsOf({ nodes }: RouteDocument): string[] {
  return nodes.flatMap((node) => (node.kind === "auto" ? node.models : node.kind === "model" ? [node.model] : []));
}

test("each row of the seed's table is a preset with its mode, models and claimed saving", () => {
  const rows = presets().map(({ name, mode, models, expectedSaving }) => [
    name,
    mode,
    models.join(" "),
    expectedSaving.text,
  ]);
  assert.deepEqual(rows.slice(1), [
    ["support-paid", "quality", "openai/gpt-4.1 anthropic/claude-sonnet-4-5", "0% (baseline)"],
    ["support-free", "balanced", "openai/gpt-4.1-mini anthropic/claude-haiku-4-5", "60-70%"],
    ["batch-summarising", "cost", "openai/gpt-4.1-nano openai/gpt-4.1-mini", "80-90%"],
    ["classification", "balanced", "openai/gpt-4.1-mini openai/gpt-4.1-nano", "50-60%"],
    ["reasoning", "quality", "openai/gpt-5 anthropic/claude-opus-4-1", "0% (quality focus)"],
  ]);
  assert.ok(presets().every(({ expectedSaving }) => !expectedSaving.isMeasured));
});

test("every preset is a sound route that names just the models it lists", () => {
  for (const { name, document, models } of presets()) {
    isSound(document);
    assert.deepEqual(new Set(modelsOf(document)), new Set(models), name);
    assert.deepEqual(importRoute(exportRoute(document, "waybill", name).text).document, document);
  }
});

test("a preset takes the models a catalogue has", () => {
  const replace = new Map([
    ["openai/gpt-4.1", "sim/premium"],
    ["anthropic/claude-sonnet-4-5", "sim/premium"],
    ["openai/gpt-4.1-mini", "sim/economy"],
  ]);
  const support = presetFor("support", replace);
  assert.ok(support);
  isSound(support.document);
  assert.deepEqual(modelsOf(support.document), ["sim/premium", "sim/economy", "anthropic/claude-haiku-4-5"]);
  assert.deepEqual(support.models, ["sim/premium", "sim/economy", "anthropic/claude-haiku-4-5"]);
  assert.ok(presets().every(({ models }) => !models.includes("sim/premium")));
  assert.equal(presetFor("nothing", replace), undefined);
});
