// Accounts in waybill.yaml: what is possible, what each takes from its provider, and that every problem is named with its path.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { makeDeployment } from "./deployment.ts";
import { parseWaybillFile, WaybillFileError } from "./waybill-file.ts";

const DIALECTS = ["openai-compatible", "anthropic", "gemini", "bedrock", "azure-openai"] as const;

const fileOf = (accounts: string, more = "keyVariable: SHARED_KEY", dialect: string = "openai-compatible"): string =>
  `providers: [{id: p, dialect: ${dialect}, baseUrl: "https://one.example/v1", ${more}, models: [m], accounts: ${accounts}}]`;

function problemsOf(text: string): readonly string[] {
  try {
    parseWaybillFile(text, "waybill.yaml");
  } catch (error) {
    assert.ok(error instanceof WaybillFileError);
    return error.problems;
  }
  return [];
}

function accountsOf(text: string) {
  return makeDeployment(parseWaybillFile(text, "waybill.yaml"), "").providers[0]?.accounts;
}

test("what an account does not say is its provider's", () => {
  const accounts = accountsOf(
    fileOf('[{id: one}, {id: two, weight: 3, baseUrl: "https://two.example/v1"}]', "keyVariable: SHARED_KEY"),
  );
  assert.deepEqual(accounts, [
    {
      ...{ id: "one", weight: 1, baseUrl: "https://one.example/v1", keyVariable: "SHARED_KEY" },
      ...{ region: "", apiVersion: "" },
    },
    {
      ...{ id: "two", weight: 3, baseUrl: "https://two.example/v1", keyVariable: "SHARED_KEY" },
      ...{ region: "", apiVersion: "" },
    },
  ]);
});

test("every dialect has accounts, with its own fields", () => {
  for (const dialect of DIALECTS) {
    const accounts = accountsOf(
      fileOf("[{id: a, keyVariable: A_KEY}, {id: b, keyVariable: B_KEY}]", "region: x", dialect).replace(
        "region: x, ",
        "",
      ),
    );
    assert.deepEqual(
      accounts?.map(({ keyVariable }) => keyVariable),
      ["A_KEY", "B_KEY"],
      dialect,
    );
  }
  const regions = accountsOf(
    fileOf("[{id: a, region: eu-west-1}, {id: b, region: us-east-1}]", "keyVariable: K", "bedrock"),
  );
  assert.deepEqual(
    regions?.map(({ region }) => region),
    ["eu-west-1", "us-east-1"],
  );
  const azure = '[{id: a}, {id: b, baseUrl: "https://b.openai.azure.com", apiVersion: "2024-10-21"}]';
  assert.deepEqual(
    accountsOf(fileOf(azure, "keyVariable: K", "azure-openai"))?.map(({ apiVersion }) => apiVersion),
    ["", "2024-10-21"],
  );
});

test("a provider without accounts is deployed as ever", () => {
  const file = parseWaybillFile(
    'providers: [{id: p, dialect: gemini, baseUrl: "https://one.example", keyVariable: K, models: [m]}]',
    "waybill.yaml",
  );
  assert.deepEqual(makeDeployment(file, "").providers, [
    {
      ...{ id: "p", dialect: "gemini", baseUrl: "https://one.example", keyVariable: "K" },
      ...{ allowPrivateAddress: false, simulated: false },
    },
  ]);
});

test("the examples of docs/providers.md are valid", async () => {
  const page = await readFile(new URL("../../../docs/providers.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```yaml\n(- id:[^`]*accounts:[^`]*)```/g)].map(([, example]) => example ?? "");
  assert.equal(examples.length, 2);
  const weights = examples.map((example) => accountsOf(`providers:\n${example}`)?.map(({ weight }) => weight));
  assert.deepEqual(weights, [
    [3, 1],
    [1, 1],
  ]);
});

test("every field of an account is checked, and named", () => {
  for (const [account, problem] of [
    ["{id: A B}", "id: must be lower-case letters, digits and dashes"],
    ["{id: a, weight: 0}", "weight: must be a whole number from 1 to 1000"],
    ["{id: a, weight: 1.5}", "weight: must be a whole number from 1 to 1000"],
    ["{id: a, weight: 1001}", "weight: must be a whole number from 1 to 1000"],
    ['{id: a, weight: "2"}', "weight: must be a whole number from 1 to 1000"],
    [
      "{id: a, keyVariable: sk-live-key}",
      "keyVariable: must be the NAME of an environment variable, e.g. OPENAI_API_KEY",
    ],
    ['{id: a, baseUrl: "https://x.example/v1/"}', "baseUrl: must not end with a slash"],
    ['{id: a, baseUrl: "https://u:p@x.example"}', "baseUrl: must not hold credentials"],
  ] as const) {
    assert.deepEqual(problemsOf(fileOf(`[${account}]`)), [`providers[0].accounts[0].${problem}`]);
  }
  assert.match(problemsOf(fileOf("[{id: a, wieght: 2}]")).join(), /^providers\[0\]\.accounts\[0\]: .*wieght/);
  assert.match(problemsOf(fileOf("[]")).join(), /^providers\[0\]\.accounts: /);
  const many = Array.from({ length: 65 }, (_, index) => `{id: a${index}}`);
  assert.ok(problemsOf(fileOf(`[${many.join(", ")}]`)).includes("providers[0].accounts: must be 64 accounts at most"));
});

test("accounts that clash, or of which some lack a key, are refused", () => {
  assert.deepEqual(problemsOf(fileOf('[{id: a}, {id: a, baseUrl: "https://two.example/v1"}]')), [
    "providers[0].accounts[1].id: stands here twice",
  ]);
  assert.deepEqual(problemsOf(fileOf("[{id: a, weight: 1}, {id: b, weight: 2}]")), [
    "providers[0].accounts[1].id: has the same key and address as a",
  ]);
  assert.deepEqual(problemsOf(fileOf("[{id: a, keyVariable: A_KEY}, {id: b}]")), [
    "providers[0].accounts[1].keyVariable: must be given: either every account has a key of its own or none has",
  ]);
});

test("a field of one dialect is refused at another's accounts; Azure's endpoint has no path of its own", () => {
  const azure = '[{id: a, baseUrl: "https://x.openai.azure.com/openai/v1"}, {id: b, region: eu-west-1}]';
  assert.deepEqual(problemsOf(fileOf(azure, "keyVariable: K", "azure-openai")), [
    "providers[0].accounts[0].baseUrl: must be the resource's endpoint, without /openai",
    "providers[0].accounts[1].region: is only for the dialect bedrock",
  ]);
});
