// Ledgers alone: processes on a NATS and a database of their own. A test puts records on USAGE, kills as it likes, and compares the books.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { connectBus, declareStream, type NatsConnection, sightConsumer, sightStream } from "@waybill/bus";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { openPool, type Pool, type Row } from "@waybill/store";
import {
  freePort,
  makeTestFolder,
  migrationsOf,
  startTestDatabase,
  startTestNats,
  type TestNats,
} from "@waybill/testing";
import { CloseMonthRequest, LedgerServiceClient, STREAMS, usageConsumer } from "@waybill/wire";
import { publishUsage } from "./publish-usage.ts";
import { type ServiceProcess, startService } from "./service-process.ts";

/** Real: 30 s. What a killed ledger had in hand comes again after it. */
const ACK_WAIT_MS = "1000";
/** Small, so that a kill falls between batches, too. */
const BATCH_RECORDS_MAX = "40";
const CHANGE = { reason: "statement sent", actor: { name: "Ada" } };
const OPERATOR_TOKEN = "operator-of-a-test";

export interface LedgerAlone extends AsyncDisposable {
  readonly nats: TestNats;
  /** Starts one and does not wait: it may be about to die. */
  start(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** As `publishUsage`: nothing but the ledgers can tell what they have already. */
  publish(messages: readonly Uint8Array[]): Promise<void>;
  /** Closes a month, "2026-10", at one of the ledgers that run, also while some of its attempts have no price. */
  close(month: string): Promise<void>;
  /** Messages of USAGE that no ledger has acknowledged. */
  waiting(): Promise<number>;
  /** Messages in DEAD. */
  parked(): Promise<number>;
  /** The server dies, its files are lost, and it comes back empty. */
  wipe(): Promise<void>;
  /** Rows as the owner of the database. */
  sql<R extends Row = Row>(text: string, values?: unknown[]): Promise<R[]>;
}

export async function startLedgerAlone(): Promise<LedgerAlone> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer().catch(() => undefined);
  };
  try {
    return await build(closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(closers: (() => Promise<unknown>)[], close: () => Promise<void>): Promise<LedgerAlone> {
  const folder = await makeTestFolder("ledger-alone");
  closers.push(() => folder.remove());
  const [nats, database] = await Promise.all([
    startTestNats(),
    startTestDatabase({ migrations: [migrationsOf("ledger")] }),
  ]);
  closers.push(
    () => nats.stop(),
    () => database.stop(),
  );
  const pool: Pool = openPool({ url: database.ownerUrl, applicationName: "waybill-test", connectionsMax: 2 });
  closers.push(() => pool.end());
  const { user, password } = nats.credentials("operator");
  let nc: NatsConnection = await connectBus({ url: nats.url, user, password, service: "ledger", name: "test" });
  closers.push(() => nc.close());
  await declareStream(nc, STREAMS.usage);

  const settings = {
    NATS_URL: nats.url,
    NATS_USER: "ledger",
    NATS_PASSWORD: nats.credentials("ledger").password,
    DATABASE_URL: database.urlAs("waybill_ledger"),
    WAYBILL_LOG_LEVEL: "info",
    WAYBILL_ACCEPTED_TOKENS: `operator=${createHash("sha256").update(OPERATOR_TOKEN).digest("hex")}`,
    WAYBILL_LEDGER_ACK_WAIT_MS: ACK_WAIT_MS,
    WAYBILL_LEDGER_BATCH_RECORDS_MAX: BATCH_RECORDS_MAX,
    WAYBILL_LEDGER_GATHER_MS: "10",
  };
  const plan = {
    name: "ledger" as const,
    entry: "services/ledger/dist/main.js",
    nodeFlags: [],
    settings,
    listens: {},
    readyUrl: "",
  };
  const processes: ServiceProcess[] = [];
  const grpcPortOf = new Map<ServiceProcess, number>();
  closers.push(async () => {
    await Promise.all(processes.map((process) => process.kill9()));
  });

  return {
    nats,
    async start(env = {}) {
      const log = join(folder.path, `ledger-${processes.length}.log`);
      const [healthPort, grpcPort] = [await freePort(), await freePort()];
      const listens = { WAYBILL_HEALTH_PORT: String(healthPort), WAYBILL_GRPC_PORT: String(grpcPort) };
      const process = startService(plan, listens, env, log);
      grpcPortOf.set(process, grpcPort);
      folder.killAtExit(process.pid);
      processes.push(process);
      return process;
    },
    publish: (messages) => publishUsage(nc, messages),
    async close(month) {
      const running = processes.find(({ isRunning }) => isRunning);
      if (!running) throw new Error("no ledger runs");
      const client = new LedgerServiceClient(`127.0.0.1:${grpcPortOf.get(running)}`, plainCredentials);
      const wish = CloseMonthRequest.fromPartial({ month, acceptUnpriced: true, change: CHANGE });
      await new Promise<void>((resolve, reject) => {
        client.closeMonth(wish, tokenMetadata(OPERATOR_TOKEN), (error) => (error ? reject(error) : resolve()));
      }).finally(() => client.close());
    },
    async waiting() {
      const { stream, durable } = usageConsumer("ledger");
      const { pending, unacknowledged } = await sightConsumer(nc, stream, durable);
      return pending + unacknowledged;
    },
    parked: async () => (await sightStream(nc, STREAMS.dead.name))?.messages ?? 0,
    async wipe() {
      await nc.close();
      await nats.kill9();
      await nats.wipe();
      await nats.start();
      nc = await connectBus({ url: nats.url, user, password, service: "ledger", name: "test" });
      await declareStream(nc, STREAMS.usage);
    },
    async sql<R extends Row>(text: string, values: unknown[] = []) {
      return (await pool.query<R>(text, values)).rows;
    },
    [Symbol.asyncDispose]: close,
  };
}
