// From entries of the bucket to the snapshot, whatever comes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { AliasConfig, ModelConfig, RouteConfig } from "@waybill/wire";
import { routeKey, trialKey } from "../core/config-keys.ts";
import { SEED_ROUTE_DOCUMENT } from "../core/route/seed.ts";
import { Snapshot } from "../core/snapshot.ts";
import { fingerprintOf } from "../outbound/to-config-entries.ts";
import { followConfig } from "./follow-config.ts";

const route = (version: number, documentJson = JSON.stringify(SEED_ROUTE_DOCUMENT)): Uint8Array =>
  RouteConfig.encode(RouteConfig.fromPartial({ name: "r", version, documentJson })).finish();
const model = (name: string): Uint8Array =>
  ModelConfig.encode(
    ModelConfig.fromPartial({ provider: "p", model: name, quality: { code: 0.5 }, version: 3 }),
  ).finish();

function follow() {
  const snapshot = new Snapshot();
  const problems: string[] = [];
  let lost = 0;
  const followed = followConfig({
    snapshot,
    onLost() {
      lost += 1;
    },
    onProblem: (key) => void problems.push(key),
  });
  return { ...followed, snapshot, problems, lost: () => lost };
}

test("models, aliases and routes come and go key by key", async () => {
  const { onEntry, snapshot } = follow();
  onEntry("model.p.a", model("a"));
  onEntry("alias.x", AliasConfig.encode({ name: "x", target: "p/a" }).finish());
  onEntry(routeKey("", "r"), route(2));
  onEntry(trialKey("", "r", 1), route(1));
  assert.deepEqual([snapshot.named("x")?.version, snapshot.named("x")?.quality.get("code")], [3, 0.5]);
  assert.deepEqual([snapshot.route("", "r")?.version, snapshot.route("", "r", 1)?.version], [2, 1]);
  for (const key of ["alias.x", routeKey("", "r"), trialKey("", "r", 1)]) onEntry(key, undefined);
  await turn();
  assert.deepEqual(
    [snapshot.named("x"), snapshot.route("", "r"), snapshot.route("", "r", 1)],
    [undefined, undefined, undefined],
  );
  assert.equal(snapshot.model("p/a")?.model, "a");
});

test("a value that cannot be used is said, and the one before stays; one on trial is only said when it is tried", () => {
  const { onEntry, snapshot, problems, present } = follow();
  onEntry(routeKey("", "r"), route(1));
  onEntry(routeKey("", "r"), route(2, '{"nodes": []}'));
  assert.equal(snapshot.route("", "r")?.version, 1);
  onEntry("model.p.a", Buffer.from([0xff, 0xff]));
  onEntry(trialKey("", "r", 3), route(3, "{"));
  assert.deepEqual(problems, [routeKey("", "r"), "model.p.a"]);
  assert.equal(snapshot.route("", "r", 3), undefined);
  assert.equal(problems.at(-1), trialKey("", "r", 3));
  assert.equal(present.size, 3, "a repair can see that something is there");
});

test("a bucket that is lost takes nothing away; what the repair does not bring back is gone when it is done", async () => {
  const { onEntry, snapshot, lost, settle } = follow();
  for (const name of ["a", "b"]) onEntry(`model.p.${name}`, model(name));
  for (const name of ["a", "b"]) onEntry(`model.p.${name}`, undefined);
  await turn();
  assert.equal(lost(), 1);
  assert.ok(snapshot.model("p/a") && snapshot.model("p/b"));
  onEntry("model.p.a", model("a"));
  settle();
  assert.ok(snapshot.model("p/a"));
  assert.equal(snapshot.model("p/b"), undefined);
  onEntry("model.p.c", model("c"));
  onEntry("model.p.c", undefined);
  await turn();
  assert.equal(snapshot.model("p/c"), undefined, "taking away works as before");
});

test("who waits for changes hears when all of them are here, and not by what was here before", async () => {
  const { onEntry, expect } = follow();
  onEntry("model.p.a", model("a"));
  let seen = false;
  const echo = expect(
    new Map([
      ["model.p.a", fingerprintOf("model.p.a", model("a"))],
      ["model.p.b", undefined],
    ]),
  );
  void echo.seen.then(() => {
    seen = true;
  });
  await turn();
  assert.equal(seen, false);
  onEntry("model.p.a", model("a"));
  await turn();
  assert.equal(seen, false);
  onEntry("model.p.b", undefined);
  await turn();
  await turn();
  assert.equal(seen, true);
  await expect(new Map()).seen;
});
