import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountsFile, formatAccounts, parseAccounts } from "./accounts-file.ts";

const problemsOf = (text: string): string[] =>
  parseAccounts(text, "a.yaml").problems.map(({ path, field, problem }) => `${path}|${field}|${problem}`);

const KEY = {
  ...{ name: "ci", expiresAt: "2027-01-31T00:00:00.000Z", allowedModels: ["p/m"], allowedRoutes: ["support"] },
  ...{ allowedSurfaces: ["openai-chat"], maxOutputTokensDefault: 9, metadata: { a: "1" }, tags: { b: "2" } },
};
const WHOLE: AccountsFile = {
  organisations: [
    {
      ...{ id: "acme", name: 'Acme: "Ltd"' },
      teams: [{ id: "support", name: "Support", costCentre: "4711", users: [{ id: "ada", name: "Ada", keys: [KEY] }] }],
    },
  ],
};

test("a file is read as it was written, as YAML and as JSON", () => {
  for (const text of [formatAccounts(WHOLE), JSON.stringify(WHOLE)]) {
    assert.deepEqual(parseAccounts(text, "a.yaml"), { file: WHOLE, problems: [] });
  }
});

test("what is left out is usual, and a list that is left out is not spoken of", () => {
  const text = `
organisations:
  - id: acme
    teams:
      - id: support
        costCentre: 4711
        users:
          - {id: ada, keys: [{name: ci}]}
          - id: ben
      - id: research
  - id: other`;
  const { file, problems } = parseAccounts(text, "a.yaml");
  assert.deepEqual(problems, []);
  const key = {
    ...{ name: "ci", expiresAt: null, allowedModels: [], allowedRoutes: [], allowedSurfaces: [] },
    ...{ maxOutputTokensDefault: null, metadata: {}, tags: {} },
  };
  assert.deepEqual(file.organisations, [
    {
      ...{ id: "acme", name: "acme" },
      teams: [
        {
          ...{ id: "support", name: "support", costCentre: "4711" },
          users: [
            { id: "ada", name: "ada", keys: [key] },
            { id: "ben", name: "ben", keys: undefined },
          ],
        },
        { id: "research", name: "research", costCentre: "", users: undefined },
      ],
    },
    { id: "other", name: "other", teams: undefined },
  ]);
});

test("every problem is said at once, each with its place", () => {
  const text = `
organisations:
  - name: 1
    secret: x
    teams:
      - id: t
        users:
          - id: u
            keys: [{name: k, expiresAt: soon, maxOutputTokensDefault: many, tags: {a: 1}, allowedModels: [1]}, {name: k}]
      - id: t2
        users: [{id: u}]
      - x`;
  assert.deepEqual(problemsOf(text), [
    "a.yaml|organisations[0].secret|is not known; known are id, name, teams",
    "a.yaml|organisations[0].id|is missing",
    "a.yaml|organisations[0].teams[0].users[0].keys[0].maxOutputTokensDefault|must be a whole number",
    "a.yaml|organisations[0].teams[0].users[0].keys[0].expiresAt|must be a moment like 2027-01-31T12:00:00Z",
    "a.yaml|organisations[0].teams[0].users[0].keys[0].allowedModels[0]|must be text",
    "a.yaml|organisations[0].teams[0].users[0].keys[0].tags.a|must be text",
    "a.yaml|organisations[0].teams[0].users[0].keys|the key k stands here twice",
    "a.yaml|organisations[0].teams[2]|must have id, name, costCentre, users",
    "a.yaml|organisations[0].teams[2].id|is missing",
    "a.yaml|organisations[0].teams|the user u stands here twice",
  ]);
});

test("what is no such file at all is a problem, too", () => {
  assert.match(problemsOf("a: [")[0] ?? "", /is not YAML/);
  assert.match(problemsOf("")[0] ?? "", /must have organisations/);
  assert.match(problemsOf("{}")[0] ?? "", /organisations\|is missing/);
  assert.match(problemsOf("organisations: x")[0] ?? "", /must be a list/);
});
