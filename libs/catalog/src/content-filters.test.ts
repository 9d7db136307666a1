import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDeployment } from "./deployment.ts";
import { parseWaybillFile, WaybillFileError } from "./waybill-file.ts";

const filtersOf = (yaml: string) => makeDeployment(parseWaybillFile(yaml, "waybill.yaml"), "").filters;

function problemsOf(yaml: string): readonly string[] {
  try {
    parseWaybillFile(yaml, "waybill.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof WaybillFileError);
    return error.problems;
  }
}

test("a filter is deployed with everything it was not told: closed, for routes that name it, kinds in brackets", () => {
  assert.deepEqual(
    filtersOf(`
contentFilters:
  - id: pii
    where: [output, input, output]
    action: redact
    detect: {pii: [email, iban]}
`),
    [
      {
        ...{
          id: "pii",
          where: ["input", "output"],
          action: "redact",
          always: false,
          onError: "closed",
          replacement: "",
        },
        ...{ pii: ["email", "iban"], secrets: false, keywords: [], pattern: "" },
      },
    ],
  );
});

test("every problem of every filter comes at once, each with its path", () => {
  const problems = problemsOf(`
contentFilters:
  - {id: A, where: [input], action: block, detect: {secrets: true}}
  - {id: b, where: [], action: burn, detect: {pii: [dna]}}
`);
  const paths = problems.map((problem) => problem.split(": ")[0]);
  for (const path of ["[0].id", "[1].where", "[1].action", "[1].detect.pii[0]"]) {
    assert.ok(paths.includes(`contentFilters${path}`), `${path} in ${problems.join("\n")}`);
  }
});

test("what only its detector knows is checked, too", () => {
  assert.deepEqual(
    problemsOf(`
contentFilters:
  - {id: a, where: [input], action: block, detect: {}}
  - {id: a, where: [input], action: flag, detect: {secrets: true}, replacement: x}
  - {id: b, where: [input], action: block, detect: {pattern: 'a+'}}
  - {id: c, where: [input], action: block, detect: {keywords: [acme, "!!"]}}
`),
    [
      "contentFilters[0].detect: looks for nothing",
      "contentFilters[1].id: stands here twice",
      "contentFilters[1].replacement: is only for the action redact",
      "contentFilters[2].detect.pattern: must have an end: write {0,50} or {1,50} instead of +",
      "contentFilters[3].detect.keywords[1]: has no letter and no digit",
    ],
  );
});

test("a webhook says whether and not where, is a URL, and holds streams where it is asked about answers", () => {
  const problems = (where: string, action: string, webhook: string) =>
    problemsOf(`contentFilters: [{id: a, where: [${where}], action: ${action}, detect: {webhook: {${webhook}}}}]`);
  assert.deepEqual(problems("input", "block", 'url: "https://m.example/check"'), []);
  assert.deepEqual(problems("output", "flag", 'url: "http://10.0.0.1/x", allowPrivateAddress: true, buffer: true'), []);
  assert.deepEqual(problems("output", "redact", 'url: "ftp://m.example"'), [
    "contentFilters[0].detect.webhook.url: must be a URL without credentials that begins with https:// or http://",
    "contentFilters[0].detect.webhook: says whether, not where, so it cannot redact",
    "contentFilters[0].detect.webhook.buffer: must be true for output: a stream waits until it is whole, and is then asked about",
  ]);
  assert.equal(problems("input", "block", 'url: "https://user:secret@m.example"').length, 1);
  assert.equal(problems("input", "block", 'url: "https://m.example", timeoutMs: 10').length, 1);
});
