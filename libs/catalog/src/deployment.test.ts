// From the operator's file to what is deployed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ratesFor } from "@waybill/domain";
import { makeDeployment } from "./deployment.ts";
import { priceInForce } from "./price-entry.ts";
import { parseWaybillFile } from "./waybill-file.ts";

const FILE = parseWaybillFile(
  `
providers:
  - id: openai
    dialect: openai-compatible
    baseUrl: https://api.openai.com/v1
    keyVariable: OPENAI_API_KEY
    models: [gpt-4.1-mini, {name: fast, upstreamModel: gpt-4.1-nano, price: {input: "1", output: "2"}}]
  - id: ollama
    dialect: openai-compatible
    baseUrl: http://127.0.0.1:11434/v1
    allowPrivateAddress: true
    models: [{name: "llama3.2:3b", price: {input: "0", output: "0"}}, unpriced]
aliases: {cheaper: openai/gpt-4.1-mini}
`,
  "waybill.yaml",
);
const SIMULATOR_URL = "http://127.0.0.1:8650/v1";

test("what the file leaves out comes from the catalogue, what it says wins", () => {
  const { models } = makeDeployment(FILE, "");
  const [mini, fast] = models;
  assert.equal(mini?.maxOutputTokens, 32_768);
  assert.equal(mini?.contextWindowTokens, 1_047_576);
  assert.match(priceInForce(mini?.prices ?? [], Date.now())?.version ?? "", /^genai-prices/);
  const price = priceInForce(fast?.prices ?? [], 0);
  assert.ok(price);
  assert.match(price.version, /^waybill\.yaml-[0-9a-f]{8}$/);
  assert.equal(ratesFor(price, 1n).cachedInput, 1_000_000n);
  assert.equal(fast?.upstreamModel, "gpt-4.1-nano");
});

test("a price of zero is a price; no price is unknown and is named", () => {
  const { models, unpriced } = makeDeployment(FILE, "");
  const free = priceInForce(models.find(({ model }) => model === "llama3.2:3b")?.prices ?? [], 0);
  assert.ok(free);
  assert.equal(ratesFor(free, 1n).input, 0n);
  assert.deepEqual(
    unpriced.map(({ model }) => model),
    ["ollama/unpriced"],
  );
});

test("the simulator is there only where it runs, and is named as such", () => {
  assert.ok(!makeDeployment(FILE, "").providers.some(({ simulated }) => simulated));
  const { providers, models } = makeDeployment(FILE, SIMULATOR_URL);
  assert.deepEqual(
    providers.filter(({ simulated }) => simulated).map(({ id }) => id),
    ["sim"],
  );
  assert.deepEqual(
    models.filter(({ simulated }) => simulated).map(({ model }) => model),
    ["economy", "premium"],
  );
});

test("better and cheaper are the simulator's models until the file names others", () => {
  const aliases = Object.fromEntries(
    makeDeployment(FILE, SIMULATOR_URL).aliases.map(({ name, target }) => [name, target]),
  );
  assert.deepEqual(aliases, { cheaper: "openai/gpt-4.1-mini", better: "sim/premium" });
  assert.deepEqual(
    makeDeployment(FILE, "").aliases.map(({ name }) => name),
    ["cheaper"],
  );
});

test("an alias to the simulator is dead where no simulator runs", () => {
  const file = parseWaybillFile("aliases: {better: sim/premium}", "waybill.yaml");
  assert.deepEqual(makeDeployment(file, "").aliases, []);
  assert.equal(makeDeployment(file, SIMULATOR_URL).aliases.length, 2);
});

test("the same figures have the same version, other figures another", () => {
  const versionOf = (price: string): string | undefined => {
    const text = `providers: [{id: a, dialect: openai-compatible, baseUrl: "https://a.example/v1", models: [{name: m, price: ${price}}]}]`;
    return makeDeployment(parseWaybillFile(text, "f"), "").models[0]?.prices[0]?.price.version;
  };
  assert.equal(versionOf('{input: "1", output: "2"}'), versionOf('{input: "1.0", output: "2.00"}'));
  assert.notEqual(versionOf('{input: "1", output: "2"}'), versionOf('{input: "1", output: "3"}'));
});

test("what only some dialects have is there only where it is said", () => {
  const models = "models: [m]";
  const { providers } = makeDeployment(
    parseWaybillFile(
      `providers:
  - {id: a, dialect: bedrock, baseUrl: "https://models.example.com", region: eu-central-1, ${models}}
  - {id: b, dialect: azure-openai, baseUrl: "https://x.openai.azure.com", apiVersion: "2024-10-21", ${models}}
  - {id: c, dialect: gemini, baseUrl: "https://generativelanguage.googleapis.com/v1beta", ${models}}`,
      "f",
    ),
    "",
  );
  assert.deepEqual(
    providers.map(({ dialect, region, apiVersion }) => [dialect, region, apiVersion]),
    [
      ["bedrock", "eu-central-1", undefined],
      ["azure-openai", undefined, "2024-10-21"],
      ["gemini", undefined, undefined],
    ],
  );
  assert.ok(!("region" in (providers[2] ?? {})));
});

test("a model is for embeddings only where the file or the catalogue says so, and then its output costs nothing", () => {
  const { models } = makeDeployment(
    parseWaybillFile(
      `
providers:
  - {id: openai, dialect: openai-compatible, baseUrl: "https://api.openai.com/v1", models: [text-embedding-3-small, gpt-4.1]}
  - id: own
    dialect: openai-compatible
    baseUrl: https://own.example/v1
    models: [unknown, {name: e, capabilities: [embeddings], price: {input: "0.02"}}]
`,
      "a file",
    ),
    "",
  );
  const seen = models.map(({ model, capabilities, prices }) => {
    const rates = prices[0]?.price.tiers[0]?.rates;
    return [model, capabilities.includes("embeddings"), rates?.input, rates?.output];
  });
  assert.deepEqual(seen, [
    ["text-embedding-3-small", true, 20_000n, 0n],
    ["gpt-4.1", false, 2_000_000n, 8_000_000n],
    ["unknown", false, undefined, undefined],
    ["e", true, 20_000n, 0n],
  ]);
});

test("the simulator is asked for chat completions only, so that legacy completions reach it, too", () => {
  const { providers } = makeDeployment(parseWaybillFile("", "none"), "http://127.0.0.1:1/v1");
  assert.deepEqual(providers.find(({ id }) => id === "sim")?.endpoints, ["chat"]);
});
