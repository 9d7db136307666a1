// How many usage records one ledger process books per second: USAGE is filled first, then the ledger starts and catches up.
// Own nats-server and own Postgres that forces everything to disk; the disk's fsync time is printed beside the result.
//   node --conditions=source --import tsx test/load/src/ingest.ts [--records 200000] [--corrections-percent 1]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connectBus, declareStream, type NatsConnection, Publisher, sightConsumer } from "@waybill/bus";
import { applyRoles, type RolePasswords, roleNames, startPostgres, urlAs } from "@waybill/local";
import { connectOnce, migrate } from "@waybill/store";
import { eventually, freePort, makeTestFolder, migrationsOf, startTestNats } from "@waybill/testing";
import { STREAMS, subjects, UsageRecord, usageConsumer } from "@waybill/wire";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "200000" },
    "corrections-percent": { type: "string", default: "1" },
  },
});
const records = Number(values.records);
const correctionsPercent = Number(values["corrections-percent"]);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PUBLISHES_IN_FLIGHT = 500;
const CATCH_UP_LIMIT_MS = 300_000;
const CLOCK_TICKS_PER_SECOND = 100;

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
  const ledger = spawn(
    process.execPath,
    [...(process.env.LEDGER_ARGS ?? "").split(" ").filter(Boolean), join(ROOT, "services/ledger/dist/main.js")],
    {
      env: {
        ...(process.env.LEDGER_NODE_OPTIONS && { NODE_OPTIONS: process.env.LEDGER_NODE_OPTIONS }),
        PATH: process.env.PATH,
        NATS_URL: nats.url,
        NATS_USER: "ledger",
        NATS_PASSWORD: nats.credentials("ledger").password,
        DATABASE_URL: urlAs(postgres.url, "waybill_ledger", passwords.waybill_ledger ?? ""),
        WAYBILL_LOG_LEVEL: "warn",
      },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const client = await connectOnce(postgres.url, "ingest");
  const consumer = usageConsumer("ledger");
  const waiting = async (): Promise<number> => {
    const sight = await sightConsumer(nc, consumer.stream, consumer.durable);
    return sight.pending + sight.unacknowledged;
  };
  try {
    await eventually(async () => (await waiting()) < expected, { reason: "the first batch", timeoutMs: 30_000 });
    const already = expected - (await waiting());
    const before = await cpuSeconds(ledger.pid);
    const startedAtMs = performance.now();
    await eventually(async () => (await waiting()) === 0, {
      reason: "all is booked",
      timeoutMs: CATCH_UP_LIMIT_MS,
      intervalMs: 50,
    });
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const after = await cpuSeconds(ledger.pid);
    const done = expected - already;
    const { rows: counted } = await client.query<{ count: bigint }>("SELECT count(*) FROM ledger.usage_record");
    if (Number(counted[0]?.count) !== expected) throw new Error(`${counted[0]?.count} records on the books`);
    console.log(`${done} records in ${seconds.toFixed(2)} s: ${Math.round(done / seconds)} records/s`);
    for (const [name, spent] of Object.entries(after)) {
      const microseconds = ((spent - (before[name] ?? 0)) * 1e6) / done;
      console.log(`  CPU per record, ${name}: ${microseconds.toFixed(1)} µs`);
    }
    const { rows } = await client.query("SELECT * FROM ledger.problem LIMIT 3");
    console.log(`  problems found in the books: ${rows.length}`);
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

/** CPU seconds so far, by part. Postgres and its children are one process group. */
async function cpuSeconds(ledgerPid: number | undefined): Promise<Record<string, number>> {
  const { readdir } = await import("node:fs/promises");
  const spent: Record<string, number> = { ledger: 0, "nats-server": 0, postgres: 0 };
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    const seconds = (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
    const name =
      Number(pid) === ledgerPid
        ? "ledger"
        : Number(pid) === nats.pid()
          ? "nats-server"
          : parent === postgres.pid
            ? "postgres"
            : "";
    if (name !== "") spent[name] = (spent[name] ?? 0) + seconds;
  }
  return spent;
}

async function fsyncMs(path: string): Promise<number> {
  const file = await open(join(path, "fsync"), "w");
  const block = Buffer.alloc(8_192);
  const startedAtMs = performance.now();
  for (let index = 0; index < 200; index += 1) {
    await file.write(block);
    await file.datasync();
  }
  await file.close();
  return (performance.now() - startedAtMs) / 200;
}

function uuidAt(unixMs: number): string {
  const time = unixMs.toString(16).padStart(12, "0");
  const rest = randomBytes(10).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

/** As large and as full as a usual one. */
function usageRecord(requestId: string, source: "worker" | "ingress", index: number): UsageRecord {
  const team = index % 7;
  return UsageRecord.fromPartial({
    recordId: `${requestId}.1:${source}`,
    attemptId: `${requestId}.1`,
    requestId,
    attempt: 1,
    source: source === "worker" ? 1 : 2,
    outcome: source === "worker" ? 1 : 2,
    attribution: {
      organisationId: "acme",
      organisationName: "Acme Inc.",
      teamId: `team-${team}`,
      teamName: `Team number ${team}`,
      userId: `user-${index % 50}`,
      userName: "Ada Lovelace",
      keyId: `key${index % 100}`,
      keyName: "laptop",
      endUserId: `customer-${index % 1_000}`,
      tags: { environment: "production", feature: "search" },
    },
    route: "support",
    routeVersion: 3,
    path: ["start", "paid", "better"],
    target: { provider: "openai", model: "gpt-4.1", upstreamModel: "gpt-4.1-2025-04-14" },
    requestedModel: "dynamic/support",
    stream: true,
    usage: { input: 1_200n, cachedInput: 1_024n, output: BigInt(index % 900) },
    tokenSource: source === "worker" ? 1 : 2,
    price: {
      version: "genai-prices-0.1.8",
      tiers: [{ aboveInputTokens: 0n, rates: { input: 2_000_000n, cachedInput: 500_000n, output: 8_000_000n } }],
    },
    costPicoUsd: 864_000_000n + 8_000_000n * BigInt(index % 900),
    costKnown: true,
    holds: [
      { budgetId: "acme-month", windowId: 41n, grantId: "0193-grant-a", amountPicoUsd: 9_000_000_000n, hard: true },
      { budgetId: "team-month", windowId: 42n, grantId: "0193-grant-b", amountPicoUsd: 9_000_000_000n, hard: true },
    ],
    holder: "router-host-0123456789ab",
    recordedAtMs: BigInt(Date.now()),
    firstTokenMs: 312,
    durationMs: 4_211,
    ingressId: "ingress-host-0123456789ab",
    workerId: "worker-host-0123456789ab",
    finishReason: "stop",
    providerStatus: 200,
  });
}
