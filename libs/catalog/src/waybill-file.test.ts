// The operator's file: what is possible, and that every problem is named with its path.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseWaybillFile, WaybillFileError } from "./waybill-file.ts";

function problemsOf(text: string): readonly string[] {
  try {
    parseWaybillFile(text, "waybill.yaml");
  } catch (error) {
    assert.ok(error instanceof WaybillFileError);
    return error.problems;
  }
  return [];
}

test("the example file is valid", async () => {
  const text = await readFile(new URL("../../../waybill.example.yaml", import.meta.url), "utf8");
  const file = parseWaybillFile(text, "waybill.example.yaml");
  assert.deepEqual(
    file.providers.map(({ id }) => id),
    ["openai", "groq", "anthropic", "vllm", "ollama", "gemini", "bedrock", "azure", "azure-by-deployment"],
  );
});

test("an empty file deploys nothing", () => {
  assert.deepEqual(parseWaybillFile("", "waybill.yaml"), { providers: [], aliases: {}, contentFilters: [] });
});

test("all problems are reported at once, each with its path", () => {
  const problems = problemsOf(`
providers:
  - id: Open AI
    dialect: grpc
    baseUrl: ftp://example.com/v1/
    keyVariable: sk-not-a-name
    models: [{name: m, price: {input: 0.4, output: "0.0000001"}}]
  - id: sim
    dialect: openai-compatible
    baseUrl: https://example.com/v1
    models: [a]
aliases: {better: nowhere/none}
`);
  const paths = problems.map((problem) => problem.split(": ")[0]);
  for (const path of [
    "providers[0].id",
    "providers[0].dialect",
    "providers[0].baseUrl",
    "providers[0].keyVariable",
    "providers[0].models[0].price.input",
    "providers[0].models[0].price.output",
  ]) {
    assert.ok(paths.includes(path), `${path} in ${paths.join(", ")}`);
  }
  assert.ok(!problems.join().includes("sk-not-a-name"), "a value that may be a key is not echoed");
});

test("names that clash or lead nowhere are refused", () => {
  const problems = problemsOf(`
providers:
  - {id: a, dialect: openai-compatible, baseUrl: "https://a.example/v1", models: [x, x]}
  - {id: a, dialect: openai-compatible, baseUrl: "https://a.example/v1", models: [y]}
aliases: {better: a/none, auto: a/x, cheaper: sim/economy}
`);
  assert.deepEqual(
    problems.map((problem) => problem.split(":")[0]),
    ["providers[0].models[1].name", "providers[1].id", "aliases.better", "aliases.auto"],
  );
});

test("an unknown field is a problem, so a typing error never means a default", () => {
  assert.match(problemsOf("provider: []").join(), /provider/);
});

test("broken YAML is one sentence that does not quote the file", () => {
  const problems = problemsOf("providers: [\n  secret-looking-text: {");
  assert.ok(problems.length > 0);
  assert.ok(!problems.join().includes("secret-looking-text"));
});

test("a field of one dialect is refused at another; Azure's endpoint has no path of its own", () => {
  const problems = problemsOf(`
providers:
  - {id: a, dialect: gemini, baseUrl: "https://a.example/v1beta", region: eu-central-1, apiVersion: "2024-10-21", models: [m]}
  - {id: b, dialect: azure-openai, baseUrl: "https://x.openai.azure.com/openai/v1", apiVersion: latest, models: [m]}
  - {id: c, dialect: bedrock, baseUrl: "https://a.example", region: Frankfurt, models: [m]}
`);
  const paths = problems.map((problem) => problem.split(": ")[0]);
  for (const path of ["providers[1].apiVersion", "providers[2].region"])
    assert.ok(paths.includes(path), problems.join());
  const later = problemsOf(`
providers:
  - {id: a, dialect: gemini, baseUrl: "https://a.example/v1beta", region: eu-central-1, apiVersion: "2024-10-21", models: [m]}
  - {id: b, dialect: azure-openai, baseUrl: "https://x.openai.azure.com/openai/v1", models: [m]}
`);
  assert.deepEqual(later, [
    "providers[0].region: is only for the dialect bedrock",
    "providers[0].apiVersion: is only for the dialect azure-openai",
    "providers[1].baseUrl: must be the resource's endpoint, without /openai",
  ]);
});

test("only a model for embeddings may leave out its price of output, and it is for nothing else", () => {
  const problems = problemsOf(`
providers:
  - id: a
    dialect: openai-compatible
    baseUrl: https://a.example/v1
    models:
      - {name: e, capabilities: [embeddings], price: {input: "0.02"}}
      - {name: c, price: {input: "0.02"}}
      - {name: t, capabilities: [tools], price: {input: "0.02"}}
      - {name: b, capabilities: [embeddings, tools]}
`);
  const missing = "must be there, except for a model with capabilities: [embeddings]";
  assert.deepEqual(problems, [
    `providers[0].models[1].price.output: ${missing}`,
    `providers[0].models[2].price.output: ${missing}`,
    "providers[0].models[3].capabilities: must be embeddings alone: such a model serves nothing else",
  ]);
});
