// The ledger as a process on a real NATS and a real Postgres: what it promises when it, or either of them, dies.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectBus, declareStream, type NatsConnection, Publisher, sightConsumer, sightStream } from "@waybill/bus";
import { connectOnce } from "@waybill/store";
import {
  eventually,
  freePort,
  migrationsOf,
  startTcpProxy,
  startTestDatabase,
  startTestNats,
  type TcpProxy,
  type TestDatabase,
  type TestNats,
} from "@waybill/testing";
import { STREAMS, subjects, UsageRecord } from "@waybill/wire";
import { sampleRequest } from "./core/sample-fact.test.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let nats: TestNats;
let nc: NatsConnection;
let database: TestDatabase;
let proxy: TcpProxy;
let owner: Awaited<ReturnType<typeof connectOnce>>;

before(async () => {
  nats = await startTestNats();
  const { user, password } = nats.credentials("operator");
  nc = await connectBus({ url: nats.url, user, password, service: "ledger", name: "test" });
  await declareStream(nc, STREAMS.usage);
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  const { hostname, port } = new URL(database.ownerUrl);
  proxy = await startTcpProxy({ targetHost: hostname, targetPort: Number(port) });
  owner = await connectOnce(database.ownerUrl, "test");
});
after(async () => {
  await owner.end();
  await nc.close();
  await proxy.stop();
  await database.stop();
  await nats.stop();
});

interface RunningLedger extends AsyncDisposable {
  readonly healthPort: number;
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
}

async function startLedger(env: Record<string, string> = {}): Promise<RunningLedger> {
  const url = new URL(database.urlAs("waybill_ledger"));
  url.port = String(proxy.port);
  const healthPort = await freePort();
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", MAIN], {
    env: {
      PATH: process.env.PATH,
      NATS_URL: nats.url,
      NATS_USER: "ledger",
      NATS_PASSWORD: nats.credentials("ledger").password,
      DATABASE_URL: url.href,
      WAYBILL_HEALTH_PORT: String(healthPort),
      WAYBILL_LOG_LEVEL: "error",
      WAYBILL_ACCEPTED_TOKENS: `console=${"0".repeat(64)}`,
      WAYBILL_LEDGER_ACK_WAIT_MS: "1000",
      WAYBILL_LEDGER_GATHER_MS: "10",
      ...env,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  return {
    healthPort,
    process: child,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function waitingFor(ledger: RunningLedger): Promise<Record<string, string>> {
  const answer = await fetch(`http://127.0.0.1:${ledger.healthPort}/readyz`);
  return ((await answer.json()) as { waiting_for: Record<string, string> }).waiting_for;
}

async function ready(ledger: RunningLedger): Promise<void> {
  await eventually(async () => Object.keys(await waitingFor(ledger)).length === 0, {
    reason: "the ledger is ready",
    timeoutMs: 20_000,
  });
}

let requests = 0;
async function publish(count: number): Promise<string[]> {
  const publisher = new Publisher(nc);
  const ids = Array.from({ length: count }, () => sampleRequest(requests++).requestId);
  for (const requestId of ids) {
    const record = UsageRecord.fromPartial({
      recordId: `${requestId}.1:worker`,
      attemptId: `${requestId}.1`,
      requestId,
      attempt: 1,
      source: 1,
      outcome: 1,
      tokenSource: 1,
      attribution: { organisationId: "acme", teamId: "support" },
      target: { provider: "sim", model: "economy" },
      price: { version: "v1" },
      costPicoUsd: 1_000n,
      costKnown: true,
    });
    const data = UsageRecord.encode(record).finish();
    // Our own connection may have to come back first; the id makes repeating harmless.
    await eventually(
      async () => {
        const message = { subject: subjects.usage("acme"), data, id: record.recordId, timeoutMs: 1_000 };
        return (await publisher.publish(message)).kind === "stored";
      },
      { reason: "a record is stored", timeoutMs: 15_000 },
    );
  }
  return ids;
}

async function entriesOf(ids: readonly string[]): Promise<number> {
  const { rows } = await owner.query("SELECT 1 FROM ledger.entry WHERE request_id = ANY ($1::uuid[])", [ids]);
  return rows.length;
}

async function booked(ids: readonly string[], timeoutMs = 15_000): Promise<void> {
  await eventually(async () => (await entriesOf(ids)) === ids.length, { reason: "all is booked", timeoutMs });
  await eventually(
    async () => {
      const { pending, unacknowledged } = await sightConsumer(nc, STREAMS.usage.name, "ledger");
      return pending + unacknowledged === 0;
    },
    { reason: "all is acknowledged", timeoutMs },
  );
  assert.equal(await entriesOf(ids), ids.length, "once each");
  assert.equal((await owner.query("SELECT * FROM ledger.problem")).rowCount, 0);
}

test("what is on USAGE is booked and acknowledged; poison is parked with its reason", async () => {
  const poison = await new Publisher(nc).publish({
    subject: subjects.usage("acme"),
    data: new TextEncoder().encode("not a record"),
    id: "poison",
    timeoutMs: 5_000,
  });
  assert.equal(poison.kind, "stored");
  const ids = await publish(20);
  await using ledger = await startLedger();
  await booked(ids);
  assert.equal((await sightStream(nc, STREAMS.dead.name))?.messages, 1);
  const metrics = await (await fetch(`http://127.0.0.1:${ledger.healthPort}/metrics`)).text();
  assert.match(metrics, /^waybill_ledger_records_total\S* 20$/m);
  assert.match(metrics, /^waybill_ledger_parked_records_total\S* 1$/m);
  ledger.process.kill("SIGTERM");
  assert.deepEqual(await ledger.ended, [0, null]);
});

for (const failpoint of ["before_insert", "after_commit_before_ack"]) {
  test(`kill -9 at ${failpoint}: the next ledger books each record once`, async () => {
    const ids = await publish(10);
    await using dying = await startLedger({ WAYBILL_FAILPOINT: failpoint });
    assert.deepEqual(await dying.ended, [null, "SIGKILL"]);
    assert.equal(await entriesOf(ids), failpoint === "before_insert" ? 0 : ids.length);
    await using ledger = await startLedger();
    await ready(ledger);
    await booked(ids);
  });
}

test("Postgres away: nothing is acknowledged, readiness says so, and it goes on by itself", async () => {
  await using ledger = await startLedger();
  await ready(ledger);
  proxy.refuse(true);
  proxy.cut();
  const ids = await publish(10);
  await eventually(async () => (await waitingFor(ledger)).postgres !== undefined, { reason: "postgres is named" });
  assert.equal(await entriesOf(ids), 0);
  const { pending, unacknowledged } = await sightConsumer(nc, STREAMS.usage.name, "ledger");
  assert.equal(pending + unacknowledged, 10);
  proxy.heal();
  proxy.refuse(false);
  await booked(ids);
  await ready(ledger);
});

test("nats-server restarts: consuming goes on by itself", async () => {
  await using ledger = await startLedger();
  await ready(ledger);
  await nats.restart();
  const ids = await publish(10);
  await booked(ids);
  await ready(ledger);
});

test("two ledgers share the durable", async () => {
  await using one = await startLedger();
  await using two = await startLedger();
  await ready(one);
  await ready(two);
  await booked(await publish(200));
});
