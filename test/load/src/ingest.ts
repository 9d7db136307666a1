// How many usage records one ledger process books per second: USAGE is filled first, then the ledger starts and catches up.
// Own nats-server and own Postgres that forces everything to disk; the disk's fsync time is printed beside the result.
//   node --conditions=source --import tsx test/load/src/ingest.ts [--records 200000] [--corrections-percent 1]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectBus, declareStream, type NatsConnection, Publisher, sightConsumer, sightStream } from "@waybill/bus";
import { applyRoles, type RolePasswords, roleNames, startPostgres, urlAs } from "@waybill/local";
import { connectOnce, migrate } from "@waybill/store";
import { eventually, freePort, makeTestFolder, migrationsOf, startTestNats } from "@waybill/testing";
import { STREAMS, subjects, UsageRecord, usageConsumer } from "@waybill/wire";
import { usageRecord, uuidAt } from "./generator/usage-record.ts";
import { ROOT } from "./machine.ts";
import { fsyncMs } from "./parts/fsync-ms.ts";
import { cpuSeconds, type Part, pidsOfTree } from "./parts/process-usage.ts";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "200000" },
    "corrections-percent": { type: "string", default: "1" },
  },
});
const records = Number(values.records);
const correctionsPercent = Number(values["corrections-percent"]);
const PUBLISHES_IN_FLIGHT = 500;
const CATCH_UP_LIMIT_MS = 300_000;

const folder = await makeTestFolder("ingest");
console.log(`fsync of 8 KiB on this disk: ${(await fsyncMs(folder.path)).toFixed(2)} ms (mean of 200)`);
await using nats = await startTestNats();
const postgres = await startPostgres({
  dataDir: join(folder.path, "data"),
  port: await freePort(),
  password: "load",
  logFile: join(folder.path, "postgres.log"),
});
folder.killAtExit(postgres.pid);
const passwords = Object.fromEntries(roleNames.map((role) => [role, randomBytes(12).toString("hex")]));
await applyRoles(postgres.url, passwords as RolePasswords);
await migrate(postgres.url, migrationsOf("ledger"));

const { user, password } = nats.credentials("operator");
const nc = await connectBus({ url: nats.url, user, password, service: "ledger", name: "ingest" });
await declareStream(nc, STREAMS.usage);
const made = await fill(nc);
console.log(`${made} records wait in USAGE (${correctionsPercent} % of the attempts have a second, outranking one)`);
await catchUp(made);
await nc.close();
await postgres.stop();
await folder.remove();

async function fill(connection: NatsConnection): Promise<number> {
  const publisher = new Publisher(connection);
  const startMs = Date.now() - records;
  let published = 0;
  let inFlight: Promise<void>[] = [];
  const send = async (record: UsageRecord): Promise<void> => {
    const data = UsageRecord.encode(record).finish();
    const outcome = await publisher.publish({
      subject: subjects.usage("acme"),
      data,
      id: record.recordId,
      timeoutMs: 30_000,
    });
    if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
    published += 1;
  };
  for (let index = 0; index < records; index += 1) {
    const requestId = uuidAt(startMs + index);
    if ((index * correctionsPercent) % 100 < correctionsPercent && correctionsPercent > 0) {
      inFlight.push(send(usageRecord(requestId, "ingress", index)));
      index += 1;
    }
    inFlight.push(send(usageRecord(requestId, "worker", index)));
    if (inFlight.length >= PUBLISHES_IN_FLIGHT) {
      await Promise.all(inFlight);
      inFlight = [];
    }
  }
  await Promise.all(inFlight);
  return published;
}

/** Starts a ledger and waits until all is on the books. */
async function catchUp(expected: number): Promise<void> {
  // NODE_OPTIONS and the ledger's own settings are passed on, to try what they do.
  const given = Object.entries(process.env).filter(
    ([name]) => name === "NODE_OPTIONS" || name.startsWith("WAYBILL_LEDGER_"),
  );
  const ledger = spawn(process.execPath, ["--max-semi-space-size=32", join(ROOT, "services/ledger/dist/main.js")], {
    env: {
      ...Object.fromEntries(given),
      PATH: process.env.PATH,
      NATS_URL: nats.url,
      NATS_USER: "ledger",
      NATS_PASSWORD: nats.credentials("ledger").password,
      DATABASE_URL: urlAs(postgres.url, "waybill_ledger", passwords.waybill_ledger ?? ""),
      WAYBILL_ACCEPTED_TOKENS: `console=${"0".repeat(64)}`,
      WAYBILL_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const client = await connectOnce(postgres.url, "ingest");
  const consumer = usageConsumer("ledger");
  const waiting = async (): Promise<number> => {
    const sight = await sightConsumer(nc, consumer.stream, consumer.durable);
    return sight.pending + sight.unacknowledged;
  };
  try {
    await eventually(async () => (await waiting()) < expected, { reason: "the first batch", timeoutMs: 30_000 });
    const already = expected - (await waiting());
    const before = await cpuSecondsOf(ledger.pid);
    const startedAtMs = performance.now();
    await eventually(async () => (await waiting()) === 0, {
      reason: "all is booked",
      timeoutMs: CATCH_UP_LIMIT_MS,
      intervalMs: 50,
    });
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const after = await cpuSecondsOf(ledger.pid);
    const done = expected - already;
    const { rows: counted } = await client.query<{ count: bigint }>("SELECT count(*) FROM ledger.usage_record");
    if (Number(counted[0]?.count) !== expected) throw new Error(`${counted[0]?.count} records on the books`);
    console.log(`${done} records in ${seconds.toFixed(2)} s: ${Math.round(done / seconds)} records/s`);
    for (const [name, spent] of after) {
      const microseconds = ((spent - (before.get(name) ?? 0)) * 1e6) / done;
      console.log(`  CPU per record, ${name}: ${microseconds.toFixed(1)} µs`);
    }
    const { rows } = await client.query("SELECT * FROM ledger.problem LIMIT 3");
    console.log(`  problems found in the books: ${rows.length}`);
    if (process.env.WAYBILL_LEDGER_EVENTS !== "off") await catchUpTelling(client, ledger.pid);
    const viewAtMs = performance.now();
    await client.query("SELECT * FROM finance.cost_by_team_day");
    console.log(`  finance.cost_by_team_day: ${Math.round(performance.now() - viewAtMs)} ms over ${expected} records`);
    const sizes = await client.query<{ relname: string; bytes: bigint }>(
      "SELECT relname, pg_table_size(oid) AS bytes FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ledger'::regnamespace",
    );
    for (const { relname, bytes } of sizes.rows)
      console.log(`  ${relname}: ${Math.round(Number(bytes) / expected)} bytes/record`);
  } finally {
    await client.end();
    ledger.kill("SIGTERM");
  }
}

/** Every entry is told on the bus; while records waited to be booked, that had to wait. */
async function catchUpTelling(
  client: Awaited<ReturnType<typeof connectOnce>>,
  ledgerPid: number | undefined,
): Promise<void> {
  const { rows } = await client.query<{ count: bigint }>("SELECT count(*) FROM ledger.entry");
  const entries = Number(rows[0]?.count);
  const told = async (): Promise<number> => (await sightStream(nc, STREAMS.events.name))?.messages ?? 0;
  const already = await told();
  const before = await cpuSecondsOf(ledgerPid);
  const startedAtMs = performance.now();
  await eventually(async () => (await told()) >= entries, {
    ...{ reason: "all is told", timeoutMs: CATCH_UP_LIMIT_MS, intervalMs: 50 },
  });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const after = await cpuSecondsOf(ledgerPid);
  const events = entries - already;
  console.log(
    `  events: ${already} of ${entries} were told by then; the others at ${Math.round(events / seconds)} events/s`,
  );
  for (const [name, spent] of after) {
    const microseconds = ((spent - (before.get(name) ?? 0)) * 1e6) / events;
    console.log(`  CPU per event, ${name}: ${microseconds.toFixed(1)} µs`);
  }
}

async function cpuSecondsOf(ledgerPid: number | undefined): Promise<ReadonlyMap<string, number>> {
  const parts: readonly Part[] = [
    { name: "ledger", pids: async () => [ledgerPid ?? 0] },
    { name: "nats-server", pids: async () => [nats.pid()] },
    { name: "postgres", pids: () => pidsOfTree(postgres.pid) },
  ];
  return new Map(await Promise.all(parts.map(async (part) => [part.name, await cpuSeconds(part)] as const)));
}
