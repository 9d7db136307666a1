import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../api/accounts.ts";
import { parseAccounts } from "./accounts-file.ts";
import { type PresentAccounts, planAccounts } from "./plan-accounts.ts";

const NOTHING: PresentAccounts = { organisations: [], teams: [], users: [], keys: [] };
const key = (id: string, userId: string, name: string, more: Partial<Key> = {}): Key => ({
  ...{
    id,
    name,
    userId,
    organisationId: "acme",
    teamId: "",
    tags: {},
    metadata: {},
    allowedModels: [],
    allowedRoutes: [],
  },
  ...{ allowedSurfaces: [], maxOutputTokensDefault: null, createdAt: "", expiresAt: null, revokedAt: null },
  ...{ previousSecretUntil: null, ...more },
});
const team = (id: string) => ({ organisationId: "acme", id, name: id, costCentre: "", userCount: 0, keyCount: 0 });
const user = (id: string, teamId: string) => ({ organisationId: "acme", id, teamId, name: id, keyCount: 0 });
const PRESENT: PresentAccounts = {
  organisations: [{ id: "acme", name: "acme" }],
  teams: [team("support"), team("old")],
  users: [user("ada", "support"), user("ben", "support"), user("eve", "old")],
  keys: [key("k1", "ada", "ci"), key("k2", "ada", "gone"), key("k3", "ben", "x"), key("k4", "eve", "y")],
};

function plan(text: string, present: PresentAccounts, prune = false): string[] {
  const { file, problems } = parseAccounts(`organisations: ${text}`, "a");
  assert.deepEqual(problems, []);
  return planAccounts(file, present, prune).map(({ action, kind, name, keyId, fields }) =>
    [action, kind, name, ...(keyId ? [keyId] : []), ...(action === "update" ? [JSON.stringify(fields)] : [])].join(" "),
  );
}

test("where nothing is everything is made, each before what is in it", () => {
  const text = "[{id: acme, teams: [{id: t, users: [{id: u, keys: [{name: k}]}]}]}]";
  assert.deepEqual(plan(text, NOTHING), ["create organisation acme", "create team t", "create user u", "create key k"]);
});

test("what is as the file says makes no step, whatever the order of names in a list or a map", () => {
  const present = {
    ...PRESENT,
    keys: [key("k1", "ada", "ci", { allowedModels: ["a", "b"], tags: { x: "1", y: "2" } })],
  };
  const text =
    "[{id: acme, teams: [{id: support, users: [{id: ada, keys: [{name: ci, allowedModels: [b, a], tags: {y: '2', x: '1'}}]}]}]}]";
  assert.deepEqual(plan(text, present), []);
});

test("what differs is changed, and only that; a user may move", () => {
  const text = `[{id: acme, name: Acme, teams: [
    {id: support, costCentre: '1', users: [{id: eve, name: Eve, keys: [{name: y, maxOutputTokensDefault: 5}]}]}]}]`;
  assert.deepEqual(plan(text, PRESENT), [
    'update organisation acme {"name":"Acme"}',
    'update team support {"costCentre":"1"}',
    'update user eve {"name":"Eve","teamId":"support"}',
    'update key y k4 {"maxOutputTokensDefault":5}',
  ]);
});

test("nothing goes without prune; with it what the file does not name, keys first, then users, then teams", () => {
  const text = "[{id: acme, teams: [{id: support, users: [{id: ada, keys: [{name: ci}]}]}]}]";
  assert.deepEqual(plan(text, PRESENT), []);
  assert.deepEqual(plan(text, PRESENT, true), [
    ...[
      "revoke key gone k2",
      "revoke key x k3",
      "revoke key y k4",
      "delete user ben",
      "delete user eve",
      "delete team old",
    ],
  ]);
});

test("what a file does not speak of stays, also with prune", () => {
  assert.deepEqual(plan("[{id: acme}]", PRESENT, true), []);
  assert.deepEqual(plan("[{id: acme, teams: [{id: support}, {id: old}]}]", PRESENT, true), []);
  const noKeys = "[{id: acme, teams: [{id: old}, {id: support, users: [{id: ada}, {id: ben, keys: []}]}]}]";
  assert.deepEqual(plan(noKeys, PRESENT, true), ["revoke key x k3"]);
});

test("a user who moves out of a team that goes stays with its keys", () => {
  const text = "[{id: acme, teams: [{id: support, users: [{id: ada}, {id: ben}, {id: eve}]}]}]";
  assert.deepEqual(plan(text, PRESENT, true), ['update user eve {"teamId":"support"}', "delete team old"]);
});

test("another organisation's things of the same names are not touched", () => {
  const other = { ...key("k9", "ada", "z"), organisationId: "other" };
  const text =
    "[{id: acme, teams: [{id: old}, {id: support, users: [{id: ada, keys: [{name: ci}, {name: gone}]}, {id: ben}]}]}]";
  assert.deepEqual(plan(text, { ...PRESENT, keys: [...PRESENT.keys, other] }, true), []);
});
