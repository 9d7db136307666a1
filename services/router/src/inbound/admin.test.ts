// RoutingAdminService with a real Postgres and a real NATS: two replicas of the owner in this process, asked over gRPC.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectBus, openBucket } from "@waybill/bus";
import { ERRORS, type ErrorCode } from "@waybill/domain";
import { tokenMetadata } from "@waybill/rpc";
import { makeLog, systemClock } from "@waybill/service";
import { connectOnce, migrate } from "@waybill/store";
import {
  eventually,
  makeTestFolder,
  migrationsOf,
  startTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from "@waybill/testing";
import {
  type AuditEntry,
  BUCKETS,
  type CatalogueModel,
  CreateRouteRequest,
  CreateVersionRequest,
  DeleteRouteRequest,
  type Deployment,
  DeployVersionRequest,
  ListAuditRequest,
  type ListCatalogueResponse,
  ListDeploymentsRequest,
  ListRoutesRequest,
  ListVersionsRequest,
  RenameRouteRequest,
  type Route,
  RouteConfig,
  RouteRef,
  type RouteVersion,
  SaveAliasRequest,
  type SaveAliasResponse,
  type SavedVersion,
  SaveModelsRequest,
  type SaveModelsResponse,
  SimulateRequest,
  type SimulateResponse,
  toWirePrice,
  VersionRef,
} from "@waybill/wire";
import { samplePrice } from "../core/sample-models.ts";
import { loadVersion } from "../outbound/open-admin.ts";
import { makeChangePublisher } from "../outbound/publish-changes.ts";
import { type SampleReplica, type SampleReplicaOptions, startSampleReplica } from "../outbound/sample-replica.ts";

const TOKEN = "the-console's-token";
const STRANGER = "the-ingress's-token";
const ACTOR = { adminKeyId: "ak_1", name: "Ada" };

const FILE = (price: string, more = "") => `
providers:
  - id: local
    dialect: openai-compatible
    baseUrl: http://127.0.0.1:9/v1
    allowPrivateAddress: true
    models: [{name: small, price: {input: "${price}", output: "2"}}${more}]
aliases: {house: local/small}
`;

let nats: TestNats;
let database: TestDatabase;
let one: SampleReplica;
let two: SampleReplica;
const running = new Set<SampleReplica>();

async function startReplica(more: Partial<SampleReplicaOptions> = {}): Promise<SampleReplica> {
  const replica = await startSampleReplica({
    ...{ nats, databaseUrl: database.urlAs("waybill_router"), file: FILE("1") },
    ...{ tokens: { console: TOKEN, ingress: STRANGER } },
    ...more,
  });
  running.add(replica);
  await eventually(() => replica.deployed.isConfigured && replica.snapshot.named("house"), {
    reason: "the replica is configured",
    timeoutMs: 10_000,
  });
  return replica;
}

async function stopReplica(replica: SampleReplica): Promise<void> {
  running.delete(replica);
  await replica.stop();
}

function sha(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

type Answer<T> = (error: Error | null, answer: T) => void;
type Metadata = ReturnType<typeof tokenMetadata>;

/** Asks; a refusal becomes an error with its gRPC status. */
function ask<T>(call: (metadata: Metadata, answer: Answer<T>) => unknown, token = TOKEN): Promise<T> {
  return new Promise((resolve, reject) => {
    call(tokenMetadata(token), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function refusedAs(code: ErrorCode, asked: Promise<unknown>, words = /./): Promise<void> {
  await assert.rejects(asked, (error: Error & { code?: number; details?: string }) => {
    assert.equal(error.code, ERRORS[code].grpcStatus, error.message);
    assert.match(error.details ?? "", words);
    return true;
  });
}

const graph = (model: string): string =>
  JSON.stringify({
    nodes: [
      { id: "start", kind: "start", next: "m" },
      { id: "m", kind: "model", model, next: "end" },
      { id: "end", kind: "end" },
    ],
  });

type Part<T extends { fromPartial(object: never): unknown }> = Parameters<T["fromPartial"]>[0];
const BY = { actor: ACTOR };

const create = (name: string, more: Part<typeof CreateRouteRequest> = {}, { client } = one) =>
  ask<SavedVersion>((metadata, answer) =>
    client.createRoute(
      CreateRouteRequest.fromPartial({ ...BY, name, documentJson: graph("local/small"), ...more }),
      metadata,
      answer,
    ),
  );
const addVersion = (name: string, more: Part<typeof CreateVersionRequest> = {}) =>
  ask<SavedVersion>((metadata, answer) =>
    one.client.createVersion(
      CreateVersionRequest.fromPartial({ ...BY, route: { name }, documentJson: graph("local/small"), ...more }),
      metadata,
      answer,
    ),
  );
const deploy = (name: string, version: number, { client } = one) =>
  ask<Route>((metadata, answer) =>
    client.deployVersion(DeployVersionRequest.fromPartial({ ...BY, route: { name }, version }), metadata, answer),
  );
const rename = (name: string, to: string) =>
  ask<Route>((metadata, answer) =>
    one.client.renameRoute(RenameRouteRequest.fromPartial({ ...BY, route: { name }, name: to }), metadata, answer),
  );
const remove = (name: string) =>
  ask<Route>((metadata, answer) =>
    one.client.deleteRoute(DeleteRouteRequest.fromPartial({ ...BY, route: { name } }), metadata, answer),
  );
const getRoute = (ref: Part<typeof RouteRef>) =>
  ask<Route>((metadata, answer) => one.client.getRoute(RouteRef.fromPartial(ref), metadata, answer));
const getVersion = (name: string, version: number) =>
  ask<RouteVersion>((metadata, answer) =>
    one.client.getVersion(VersionRef.fromPartial({ route: { name }, version }), metadata, answer),
  );
const audit = async (more: Part<typeof ListAuditRequest> = {}): Promise<AuditEntry[]> => {
  const { entries } = await ask<{ entries: AuditEntry[] }>((metadata, answer) =>
    one.client.listRoutingAudit(ListAuditRequest.fromPartial(more), metadata, answer),
  );
  return entries;
};
const auditOf = async (name: string) =>
  (await audit({ limit: 1_000 })).filter((entry) => entry.name === name).reverse();
const saveModels = (models: Part<typeof CatalogueModel>[], more: Part<typeof SaveModelsRequest> = {}) =>
  ask<SaveModelsResponse>((metadata, answer) =>
    one.client.saveModels(SaveModelsRequest.fromPartial({ ...BY, models, ...more }), metadata, answer),
  );
const saveAlias = (name: string, target: string) =>
  ask<SaveAliasResponse>((metadata, answer) =>
    one.client.saveAlias(SaveAliasRequest.fromPartial({ ...BY, name, target }), metadata, answer),
  );
const catalogue = () =>
  ask<ListCatalogueResponse>((metadata, answer) => one.client.listCatalogue({}, metadata, answer));

async function query<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
  const client = await connectOnce(database.ownerUrl, "test");
  try {
    return (await client.query(sql, parameters)).rows as T[];
  } finally {
    await client.end();
  }
}

const live = ({ snapshot }: SampleReplica, name: string, organisationId = "") =>
  snapshot.route(organisationId, name)?.version;

before(async () => {
  nats = await startTestNats();
  database = await startTestDatabase({ migrations: [migrationsOf("router")] });
  [one, two] = [await startReplica(), await startReplica()];
});

after(async () => {
  for (const replica of running) await stopReplica(replica);
  await nats?.stop();
  await database?.[Symbol.asyncDispose]();
});

test("a route is a draft until it is deployed; then it is live here when the answer comes, and soon everywhere", async () => {
  const saved = await create("drafted", { reason: "because" });
  assert.deepEqual(saved.problems, []);
  assert.deepEqual([saved.route?.deployedVersion, saved.route?.latestVersion, saved.version?.version], [0, 1, 1]);
  assert.deepEqual([saved.version?.createdBy, saved.version?.reason], ["Ada", "because"]);
  assert.equal(live(one, "drafted"), undefined);
  assert.equal(one.snapshot.route("acme", "drafted", 1)?.version, 1, "a draft can be tried by its number");
  const startedMs = performance.now();
  const route = await deploy("drafted", 1);
  assert.equal(live(one, "drafted"), 1, "the answer comes when this replica decides by it");
  assert.equal(route.deployedVersion, 1);
  await eventually(() => live(two, "drafted") === 1, { reason: "the other replica has it" });
  console.log(`deployed on both replicas after ${(performance.now() - startedMs).toFixed(1)} ms`);
});

test("v1 -> v2 -> v1: each deployment is live on both replicas, and the others stay usable by their numbers", async () => {
  await create("swung", { deploy: true });
  const second = await addVersion("swung", { documentJson: graph("house"), deploy: true, basedOnVersion: 1 });
  assert.deepEqual([second.version?.version, second.version?.deployed], [2, true]);
  assert.deepEqual([live(one, "swung"), one.snapshot.route("", "swung", 1)?.version], [2, 1]);
  await deploy("swung", 0, two);
  assert.deepEqual([live(two, "swung"), two.snapshot.route("", "swung", 2)?.version], [1, 2]);
  await eventually(() => live(one, "swung") === 1, { reason: "rolled back there too" });
  await deploy("swung", 0);
  assert.equal(live(one, "swung"), 2, "and the roll-back is rolled back");
  const { deployments, total } = await ask<{ deployments: Deployment[]; total: number }>((metadata, answer) =>
    one.client.listDeployments(ListDeploymentsRequest.fromPartial({ route: { name: "swung" } }), metadata, answer),
  );
  assert.deepEqual([deployments.map(({ version }) => version), total], [[2, 1, 2, 1], 4]);
  assert.equal((await getRoute({ name: "swung" })).deploymentId, deployments[0]?.id);
});

test("an organisation's own route is found before everyone's, and is nobody else's", async () => {
  await create("shared", { deploy: true });
  await addVersion("shared", { deploy: true });
  const own = await create("shared", { organisationId: "acme", deploy: true });
  assert.deepEqual([live(one, "shared", "acme"), live(one, "shared", "other")], [1, 2]);
  await refusedAs("not_found", getRoute({ organisationId: "other", id: own.route?.id ?? "" }));
  assert.equal((await getRoute({ organisationId: "acme", id: own.route?.id ?? "" })).name, "shared");
});

test("at most the four newest versions beside the live one can be tried", async () => {
  await create("tried", { deploy: true });
  for (let version = 2; version <= 7; version += 1) await addVersion("tried");
  const known = () => [1, 2, 3, 4, 5, 6, 7].filter((version) => one.snapshot.route("", "tried", version));
  assert.deepEqual(known(), [1, 4, 5, 6, 7]);
  await deploy("tried", 5);
  await eventually(() => known().join() === "3,4,5,6,7", { reason: `${known()}` });
});

test("a version never changes, whatever the service is made to do", async () => {
  const { version: before } = await create("kept", { source: { shape: "seed", text: "as it came", warnings: ["w"] } });
  await addVersion("kept", { deploy: true });
  assert.deepEqual(await getVersion("kept", 1), before);
  assert.deepEqual(before?.source, { shape: "seed", text: "as it came", warnings: ["w"] });
  const client = await connectOnce(database.urlAs("waybill_router"), "test");
  try {
    for (const statement of [
      "UPDATE routing.route_version SET document = '{}'",
      "DELETE FROM routing.route_version",
      "UPDATE routing.route_deployment SET version = 1",
      "DELETE FROM routing.route_deployment",
      "UPDATE routing.audit SET actor_name = 'nobody'",
      "DELETE FROM routing.audit",
      "DELETE FROM routing.route",
    ]) {
      await assert.rejects(client.query(statement), { code: "42501" }, statement);
    }
  } finally {
    await client.end();
  }
});

test("a document comes back with its fields in their order, and with every character a JSON text can hold", async () => {
  const condition = { "metadata.z": "\u0000 \ud800 ü", "metadata.a": 1 };
  const documentJson = JSON.stringify({
    nodes: [
      { kind: "start", id: "start", next: "i" },
      { kind: "if", id: "i", condition, whenTrue: "end", whenFalse: "m" },
      { kind: "model", id: "m", model: "house", next: "end" },
      { kind: "end", id: "end" },
    ],
  });
  const { problems } = await create("characters", { documentJson, deploy: true });
  assert.deepEqual(problems, []);
  assert.equal((await getVersion("characters", 0)).documentJson, documentJson);
});

test("what cannot be a route is refused with all its problems, and nothing is saved", async () => {
  const documentJson = JSON.stringify({
    nodes: [
      { id: "start", kind: "start", next: "i" },
      { id: "i", kind: "if", condition: "metadata.x ==", whenTrue: "m", whenFalse: "nowhere" },
      { id: "m", kind: "model", model: "local/none", next: "end" },
      { id: "end", kind: "end" },
    ],
  });
  const { problems, route } = await create("broken", { documentJson });
  assert.equal(route, undefined);
  for (const field of ["condition", "whenFalse", "model"])
    assert.ok(problems.some((problem) => problem.field === field));
  assert.equal((await create("broken", { documentJson: "{" })).problems.length, 1);
  await refusedAs("not_found", getRoute({ name: "broken" }));
  await create("whole");
  assert.ok((await addVersion("whole", { documentJson })).problems.length >= 3);
  assert.equal((await getRoute({ name: "whole" })).latestVersion, 1);
});

test("a field that cannot be stored is refused by its name, all of them at once", async () => {
  const asked = create("a@b", { actor: undefined, reason: "\u0000", organisationId: "\u0000" });
  await refusedAs("invalid_value", asked, /actor\.admin_key_id.*actor\.name.*reason.*organisation_id.*name /);
  await refusedAs("invalid_value", getRoute({ name: "a\u0000b" }), /route\.name/);
  await refusedAs("invalid_value", audit({ limit: 5_000 }), /limit/);
});

test("a name in use is refused, and of two who make it at once one wins", async () => {
  await create("taken");
  await refusedAs("already_exists", create("taken"));
  const both = await Promise.allSettled([create("raced"), create("raced", {}, two)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("a change that is based on an older version than the latest is refused", async () => {
  await create("based");
  await addVersion("based", { basedOnVersion: 1 });
  await refusedAs("version_conflict", addVersion("based", { basedOnVersion: 1 }), /version 1.*version 2/);
  assert.equal((await getRoute({ name: "based" })).latestVersion, 2);
});

test("a renamed route goes on under its new name and is gone under the old one", async () => {
  const { route } = await create("old-name", { deploy: true });
  await addVersion("old-name");
  await rename("old-name", "new.name");
  assert.deepEqual([live(one, "old-name"), live(one, "new.name")], [undefined, 1]);
  assert.deepEqual(
    [one.snapshot.route("", "old-name", 2), one.snapshot.route("", "new.name", 2)?.version],
    [undefined, 2],
  );
  assert.equal((await getRoute({ id: route?.id ?? "" })).name, "new.name");
  await create("old-name");
  await refusedAs("already_exists", rename("old-name", "new.name"));
});

test("a deleted route is out of service at once, its name is free, and its old versions can still be replayed", async () => {
  const { route } = await create("deleted", { deploy: true });
  const gone = await remove("deleted");
  assert.equal(gone.deployedVersion, 0);
  assert.equal(live(one, "deleted"), undefined);
  assert.equal(one.snapshot.route("", "deleted", 1), undefined);
  await refusedAs("not_found", getRoute({ id: route?.id ?? "" }));
  await refusedAs("not_found", remove("deleted"));
  assert.equal((await loadVersion(one.deployed, "", "deleted", 1))?.version, 1);
  assert.equal(await loadVersion(one.deployed, "", "deleted", 2), undefined);
  const again = await create("deleted", { deploy: true });
  assert.notEqual(again.route?.id, route?.id);
  assert.equal(live(one, "deleted"), 1);
});

test("a version whose model has gone is not deployed, and the refusal names it", async () => {
  await saveAlias("short-lived", "local/small");
  await create("orphaned", { documentJson: graph("short-lived") });
  await saveAlias("short-lived", "");
  await refusedAs("invalid_value", deploy("orphaned", 1), /short-lived does not exist/);
  await refusedAs("not_found", deploy("orphaned", 9));
  await refusedAs("not_found", deploy("orphaned", 0), /No other version/);
});

test("every change has its audit row: who, what, why, before and after", async () => {
  await create("audited", { reason: "first", deploy: true });
  await addVersion("audited", { reason: "second", documentJson: graph("house"), deploy: true });
  await rename("audited", "audited-2");
  await remove("audited-2");
  const entries = [...(await auditOf("audited")), ...(await auditOf("audited-2"))];
  assert.deepEqual(
    entries.map(({ action, version, reason }) => [action, version, reason]),
    [
      ["create", 1, "first"],
      ["deploy", 1, "first"],
      ["version", 2, "second"],
      ["deploy", 2, "second"],
      ["rename", 2, ""],
      ["delete", 2, ""],
    ],
  );
  for (const { actor, kind, atMs } of entries) {
    assert.deepEqual([actor, kind], [ACTOR, "route"]);
    assert.ok(Math.abs(Number(atMs) - Date.now()) < 60_000);
  }
  assert.deepEqual(JSON.parse(entries[2]?.afterJson ?? "").document, JSON.parse(graph("house")));
  assert.equal(JSON.parse(entries[3]?.beforeJson ?? "").version, 1);
  assert.equal(JSON.parse(entries[4]?.beforeJson ?? "").name, "audited");
  assert.deepEqual(JSON.parse(entries[5]?.beforeJson ?? "").document, JSON.parse(graph("house")));
  const seeded = await auditOf("support");
  assert.deepEqual(
    seeded.map(({ action, actor }) => [action, actor?.name]),
    [
      ["create", "seed"],
      ["deploy", "seed"],
    ],
  );
});

test("the audit log is read page by page, newest first, for one organisation or for all", async () => {
  for (const name of ["page-1", "page-2", "page-3"]) await create(name, { organisationId: "pages" });
  const first = await audit({ organisationId: "pages", limit: 2 });
  assert.deepEqual(
    first.map(({ name }) => name),
    ["page-3", "page-2"],
  );
  const rest = await audit({ organisationId: "pages", limit: 2, beforeId: first[1]?.id ?? "" });
  assert.deepEqual(
    rest.map(({ name }) => name),
    ["page-1"],
  );
  assert.equal((await audit({ limit: 1 }))[0]?.name, "page-3");
});

test("what cannot be written into the audit log does not happen", async () => {
  await query("ALTER TABLE routing.audit ADD CONSTRAINT writable CHECK (reason <> 'unwritable')");
  try {
    await create("unaudited");
    await refusedAs("routes_unavailable", create("never", { reason: "unwritable", deploy: true }));
    await refusedAs("routes_unavailable", addVersion("unaudited", { reason: "unwritable" }));
    await refusedAs(
      "routes_unavailable",
      saveModels([{ provider: "local", model: "never" }], { reason: "unwritable" }),
    );
    await refusedAs("not_found", getRoute({ name: "never" }));
    assert.equal((await getRoute({ name: "unaudited" })).latestVersion, 1);
    assert.equal(one.snapshot.model("local/never"), undefined);
    assert.deepEqual(await query("SELECT FROM routing.price WHERE model = 'local/never'"), []);
  } finally {
    await query("ALTER TABLE routing.audit DROP CONSTRAINT writable");
  }
});

test("lists go page by page: routes by name, versions newest first, and large documents make smaller pages", async () => {
  for (const name of ["b", "a", "c"]) await create(name, { organisationId: "lists" });
  const page = async (afterName: string) =>
    ask<{ routes: Route[]; total: number }>((metadata, answer) =>
      one.client.listRoutes(
        ListRoutesRequest.fromPartial({ organisationId: "lists", afterName, limit: 2 }),
        metadata,
        answer,
      ),
    );
  assert.deepEqual([(await page("")).routes.map(({ name }) => name), (await page("")).total], [["a", "b"], 3]);
  assert.deepEqual(
    (await page("b")).routes.map(({ name }) => name),
    ["c"],
  );
  await create("large");
  const text = "x".repeat(500_000);
  for (let version = 2; version <= 5; version += 1) {
    await addVersion("large", { source: { shape: "seed", text, warnings: [] } });
  }
  const versions = async (beforeVersion: number) =>
    ask<{ versions: RouteVersion[]; total: number }>((metadata, answer) =>
      one.client.listVersions(
        ListVersionsRequest.fromPartial({ route: { name: "large" }, beforeVersion }),
        metadata,
        answer,
      ),
    );
  const first = await versions(0);
  assert.deepEqual([first.versions.map(({ version }) => version), first.total], [[5, 4], 5]);
  assert.deepEqual(
    (await versions(4)).versions.map(({ version }) => version),
    [3, 2, 1],
  );
});

test("only the console and operators may ask", async () => {
  const asked = ask<Route>((metadata, answer) => one.client.getRoute(RouteRef.create({}), metadata, answer), STRANGER);
  await assert.rejects(asked, { code: 16 });
});

test("no more routes are made than the limit allows", async () => {
  const small = await startReplica({ routesMax: 1 });
  await refusedAs("invalid_value", create("too-many", {}, small), /already 1 routes/);
});

test("a change that is stored and cannot be published is answered, and the repair publishes it", async () => {
  const log = makeLog("router", "test", "silent");
  const broken = {
    present: new Map(),
    expect: () => ({ seen: Promise.resolve(), forget() {} }),
    open: () => Promise.reject(new Error("away")),
  };
  let asked = 0;
  const publisher = makeChangePublisher({
    ...{ pool: one.deployed.pool, clock: systemClock, log },
    bucket: () => broken,
    onUnpublished() {
      asked += 1;
    },
  });
  const cut = await startReplica({ publisher });
  const { route } = await create("unpublished", { deploy: true }, cut);
  assert.equal(route?.deployedVersion, 1);
  assert.equal(asked, 1);
  const repairing = await startReplica();
  await eventually(() => live(one, "unpublished") === 1, { reason: "a replica that starts repairs the bucket" });
  await stopReplica(repairing);
});

test("without the bus what is in service is not changed, and nothing is stored", async () => {
  const log = makeLog("router", "test", "silent");
  const publisher = makeChangePublisher({
    ...{ pool: one.deployed.pool, clock: systemClock, log },
    bucket: () => undefined,
    onUnpublished() {},
  });
  const alone = await startReplica({ publisher });
  await refusedAs("bus_unavailable", create("bus-less", { deploy: true }, alone));
  await refusedAs("bus_unavailable", deploy("swung", 1, alone));
  await refusedAs("not_found", getRoute({ name: "bus-less" }));
});

test("a model and its price are changed without a restart; what is not said stays; saying it again changes nothing", async () => {
  const price = { ...samplePrice(7n, 9n), version: "mine-1" };
  const said = { provider: "local", model: "small", quality: { code: 0.8 }, prices: [{ price: toWirePrice(price) }] };
  const dry = await saveModels([said], { dryRun: true });
  assert.deepEqual(dry.changes[0]?.fields, ["quality", "prices"]);
  assert.equal(one.snapshot.model("local/small")?.quality.size, 0);
  const saved = await saveModels([said, { provider: "local", model: "large", contextWindowTokens: 5n }], {
    source: "litellm",
  });
  assert.deepEqual(saved.problems, []);
  assert.deepEqual(
    saved.changes.map(({ model, change, version }) => [model, change, version]),
    [
      ["small", "changed", 2],
      ["large", "added", 1],
    ],
  );
  const small = one.snapshot.model("local/small");
  assert.deepEqual([small?.quality.get("code"), small?.price?.version, small?.version], [0.8, "mine-1", 2]);
  assert.equal(one.snapshot.named("large")?.contextWindowTokens, 5n);
  await eventually(() => two.snapshot.model("local/small")?.price?.version === "mine-1", {
    reason: "the other replica has the price",
  });
  assert.deepEqual((await saveModels([said])).changes[0], { ...saved.changes[0], change: "same", fields: [] });
  const served = [{ provider: "local", model: "small" }];
  one.live.heard({ workerId: "w", models: served, draining: false, targets: [] }, systemClock.monotonicMs());
  const { models, providers, aliases } = await catalogue();
  const shown = models.find(({ model }) => model === "small");
  assert.deepEqual([shown?.source, shown?.live, shown?.prices[0]?.price?.version], ["import", true, "mine-1"]);
  assert.equal(models.find(({ model }) => model === "premium")?.source, "built-in");
  assert.deepEqual(
    providers.map(({ id }) => id),
    ["local", "sim"],
  );
  assert.deepEqual(
    aliases.map(({ name }) => name),
    ["better", "cheaper", "house"],
  );
  const [changed] = (await auditOf("local/small")).slice(-1);
  assert.deepEqual([changed?.action, changed?.reason, changed?.version], ["model", "from litellm", 2]);
});

test("models that cannot be are refused, each with its reasons, and none of them is saved", async () => {
  const { problems, changes } = await saveModels([
    { provider: "local", model: "fine" },
    { provider: "nobody", model: "m" },
    { provider: "local", model: "small", upstreamModel: "another" },
    { provider: "local", model: "fine" },
  ]);
  assert.deepEqual(changes, []);
  assert.deepEqual(
    problems.map(({ node, field }) => [node, field]),
    [
      ["nobody/m", "provider"],
      ["local/small", "upstream_model"],
      ["local/fine", ""],
    ],
  );
  assert.equal(one.snapshot.model("local/fine"), undefined);
});

test("a draft is simulated on the present catalogue, and its problems are the answer when it cannot be", async () => {
  const simulate = (documentJson: string) =>
    ask<SimulateResponse>((metadata, answer) =>
      one.client.simulate(
        SimulateRequest.fromPartial({
          ...{ documentJson, route: "draft" },
          requests: [
            {
              requestId: "r",
              attribution: { organisationId: "acme" },
              features: { requestedModel: "dynamic/draft", choiceCount: 1 },
            },
          ],
        }),
        metadata,
        answer,
      ),
    );
  const served = [{ provider: "local", model: "small" }];
  one.live.heard({ workerId: "w", models: served, draining: false, targets: [] }, systemClock.monotonicMs());
  const { decisions, problems } = await simulate(graph("local/small"));
  assert.deepEqual(problems, []);
  assert.equal(decisions[0]?.explanation?.target?.model, "small");
  assert.equal((await simulate("{")).problems.length, 1);
  await refusedAs(
    "invalid_value",
    ask((metadata, answer) => one.client.replay({ record: undefined }, metadata, answer)),
  );
});

test("an alias is set, moved and taken away while the service runs", async () => {
  assert.equal((await saveAlias("quick", "local/small")).alias?.version, 1);
  assert.equal(one.snapshot.named("quick")?.id, "local/small");
  assert.equal((await saveAlias("quick", "sim/economy")).alias?.version, 2);
  assert.equal(one.snapshot.named("quick")?.id, "sim/economy");
  assert.equal((await saveAlias("quick", "local/none")).problems[0]?.field, "target");
  await saveAlias("quick", "");
  assert.equal(one.snapshot.named("quick"), undefined);
  await refusedAs("not_found", saveAlias("quick", ""));
});

test("waybill.yaml does not undo what people saved, until it says something else itself", async () => {
  await saveModels([
    {
      provider: "local",
      model: "small",
      firstTokenMs: 123,
      prices: [{ price: toWirePrice({ ...samplePrice(1n, 1n), version: "mine-2" }) }],
    },
  ]);
  await saveAlias("house", "sim/premium");
  const shown = () => {
    const small = one.snapshot.model("local/small");
    return [small?.firstTokenMs, small?.price?.version.split("-")[0], one.snapshot.named("house")?.id];
  };
  assert.deepEqual(shown(), [123, "mine", "sim/premium"]);
  await stopReplica(await startReplica());
  assert.deepEqual(shown(), [123, "mine", "sim/premium"], "the file is as it was");
  await stopReplica(await startReplica({ file: FILE("3") }));
  assert.deepEqual(
    shown(),
    [0, "waybill.yaml", "sim/premium"],
    "the file says another price of the model, and nothing new of the alias",
  );
  await stopReplica(await startReplica({ file: FILE("3", ", {name: second}") }));
  assert.ok(one.snapshot.model("local/second"));
  await saveModels([{ provider: "local", model: "second", firstTokenMs: 5 }]);
  await stopReplica(await startReplica({ file: FILE("3") }));
  await eventually(() => !one.snapshot.model("local/second"), {
    reason: "what the file no longer names is gone, changed or not",
  });
  assert.deepEqual(
    (await auditOf("local/second")).map(({ action, actor }) => [action, actor?.name]),
    [
      ["model", "waybill.yaml"],
      ["model", "Ada"],
      ["delete", "waybill.yaml"],
    ],
  );
  assert.ok(one.snapshot.model("local/large"), "what people added stays while its provider is there");
});

test("a key of an older installation is ignored, and taken away by the repair", async () => {
  const { user, password } = nats.credentials("router");
  const nc = await connectBus({ url: nats.url, user, password, service: "router", name: "older router" });
  try {
    const kv = await openBucket(nc, BUCKETS.config);
    const config = RouteConfig.fromPartial({ name: "support", version: 77, documentJson: graph("house") });
    await kv.put("route.support", RouteConfig.encode(config).finish());
    await stopReplica(await startReplica());
    await eventually(async () => (await kv.get("route.support"))?.operation !== "PUT", { reason: "it is taken away" });
    assert.equal(live(one, "support"), 1);
    assert.equal((await kv.get("route.-.support"))?.operation, "PUT");
  } finally {
    await nc.close();
  }
});

test("an older installation's routes and models keep their versions", async () => {
  const folder = await makeTestFolder("migrations");
  const { folder: ours } = migrationsOf("router");
  await copyFile(join(ours, "0001_routing.sql"), join(folder.path, "0001_routing.sql"));
  const older = await startTestDatabase({ migrations: [{ owner: "router", folder: folder.path }] });
  try {
    const client = await connectOnce(older.ownerUrl, "test");
    await client.query(`
      INSERT INTO routing.version (kind, name, version, document, created_by) VALUES
        ('route', 'support', 1, '{"nodes": []}', 'seed'), ('route', 'support', 2, '{"nodes": [1]}', 'seed'),
        ('model', 'a/b', 1, '{"provider": "a", "model": "b"}', 'file');
      INSERT INTO routing.deployment (kind, name, version, source) VALUES ('route', 'support', 2, 'seed'), ('model', 'a/b', 1, 'file');
      INSERT INTO routing.price VALUES ('a/b', 'p1', to_timestamp(0), '[]', 0);
      INSERT INTO routing.price_list VALUES ('a/b', 'p1');`);
    await migrate(older.ownerUrl, migrationsOf("router"));
    const { rows } = await client.query(`
      SELECT r.name, v.version, v.document::text AS document, d.version AS live, v.digest FROM routing.route r
      JOIN routing.route_version v ON v.route_id = r.id JOIN routing.route_deployment d ON d.route_id = r.id ORDER BY 2`);
    assert.deepEqual(
      rows.map(({ name, version, document, live }) => [name, version, document, live]),
      [
        ["support", 1, '{"nodes": []}', 2],
        ["support", 2, '{"nodes": [1]}', 2],
      ],
    );
    assert.equal(rows[0]?.digest, sha('{"nodes": []}'));
    const models = await client.query("SELECT kind, document FROM routing.version");
    assert.deepEqual(models.rows, [{ kind: "model", document: { provider: "a", model: "b", prices: ["p1"] } }]);
    await client.end();
  } finally {
    await older.stop();
    await folder.remove();
  }
});
