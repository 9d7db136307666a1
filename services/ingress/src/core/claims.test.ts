import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOf, parseClaimMap } from "./claims.ts";

const map = parseClaimMap([
  "organisation=org.id",
  "team=team",
  "user=sub",
  "models=models",
  "tag.env='prod'",
  "tag.cc=cost",
]);
const claims = { org: { id: "acme" }, team: "support", sub: "ada@acme.example", models: ["sim/economy"], cost: "4711" };

test("each claim has its place, by its path or a fixed value", () => {
  const key = accountOf(claims, map, "oidc-1");
  assert.ok(typeof key !== "string");
  const { organisationId, teamId, userId, keyId, tags } = key.attribution ?? assert.fail();
  assert.deepEqual([organisationId, teamId, userId, keyId], ["acme", "support", "ada@acme.example", "oidc-1"]);
  assert.deepEqual([tags, key.allowedModels], [{ env: "prod", cc: "4711" }, ["sim/economy"]]);
  const spaced = accountOf({ ...claims, models: "a b" }, map, "k");
  assert.deepEqual(typeof spaced !== "string" && spaced.allowedModels, ["a", "b"]);
});

test("a token without its organisation, or with models that are none, is nobody's", () => {
  for (const changes of [
    { org: undefined },
    { org: { id: 7 } },
    { org: { id: "" } },
    { org: { id: "a\u0000" } },
    { org: { id: "x".repeat(129) } },
  ]) {
    assert.match(String(accountOf({ ...claims, ...changes }, map, "k")), /organisation/);
  }
  // What is mapped and missing allows nothing.
  for (const models of [undefined, [], [1], {}])
    assert.match(String(accountOf({ ...claims, models }, map, "k")), /models/);
});

test("claims are own members only", () => {
  const inherited = parseClaimMap(["organisation=constructor.name"]);
  assert.match(String(accountOf({}, inherited, "k")), /organisation/);
});

test("a map that cannot be read is refused with the entry at fault", () => {
  for (const bad of [
    ["organisation"],
    ["organisation="],
    ["boss=sub"],
    ["organisation=a..b"],
    ["tag.=x"],
    ["team=team"],
  ]) {
    assert.throws(() => parseClaimMap(bad), /WAYBILL_OIDC_CLAIMS/);
  }
});
