// The whole of Waybill on real parts, in packet order: ingress, router, budget, worker, ledger, and where it is asked for the
// console, as processes on a NATS and a Postgres of their own, with the scripted provider as upstream and oracle.
// `await using stack = await startStack()`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  applyRoles,
  makeSecrets,
  migrateAll,
  type ProcessPlan,
  portsFromBase,
  type RunningPostgres,
  seedDemo,
  startPostgres,
  type Topology,
  topology,
} from "@waybill/local";
import { openPool, type Pool, type Row } from "@waybill/store";
import {
  freePort,
  makeTestFolder,
  type ScriptedProvider,
  startScriptedProvider,
  startTestNats,
  type TestNats,
} from "@waybill/testing";
import type { ServiceName } from "@waybill/wire";
import { type ServiceProcess, startService } from "./service-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface StackOptions {
  /** How many processes of each service; default 1, of the console none. */
  replicas?: Partial<Record<ServiceName, number>>;
  /** Settings for every process of a service, or for all. */
  env?: Partial<Record<ServiceName | "all", Record<string, string>>>;
  /** True: each process asks another replica of its neighbours first; otherwise all ask the first one while it is there. */
  spread?: boolean;
  /** True: Postgres forces everything to disk, so that it may be killed. */
  durable?: boolean;
  /** True: the scripted provider's log keeps bodies, of requests too. */
  logBytes?: boolean;
  /** Further YAML under `providers:` and `aliases:`; default: the scripted provider alone. */
  waybillYaml?: (scriptedUrl: string) => string;
}

export interface TestStack extends AsyncDisposable {
  /** Origin of the first ingress. */
  readonly url: string;
  /** Origins of all ingresses. */
  readonly urls: readonly string[];
  /** Origin of the first console; empty: there is none. */
  readonly adminUrl: string;
  /** Virtual keys: support_1, support_2, research_1; and the admin key `admin`. */
  readonly keys: Readonly<Record<string, string>>;
  readonly ownerUrl: string;
  readonly financeUrl: string;
  readonly plan: Topology;
  readonly operatorToken: string;
  /** host:port of every budget service. */
  readonly budgetUrls: readonly string[];
  /** host:port of every router. */
  readonly routerUrls: readonly string[];
  /** host:port of every ledger. */
  readonly ledgerUrls: readonly string[];
  readonly nats: TestNats;
  readonly postgres: RunningPostgres;
  readonly provider: ScriptedProvider;
  readonly folder: string;
  /** The running processes of a service, oldest first. */
  of(name: ServiceName): ServiceProcess[];
  /** Starts one more process of a service (or one in place of a dead one, on the same ports) and waits until it is ready. */
  start(
    name: ServiceName,
    options?: { env?: Record<string, string>; inPlaceOf?: ServiceProcess },
  ): Promise<ServiceProcess>;
  stopPostgres(): Promise<void>;
  startPostgresAgain(): Promise<void>;
  /** Rows as the owner of the database. */
  sql<R extends Row = Row>(text: string, values?: unknown[]): Promise<R[]>;
}

/** Prices: $1 per million input tokens, $4 per million output tokens; exact in every sum. */
const scriptedYaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
aliases: {better: scripted/scripted-2, cheaper: scripted/scripted-1}
`;

/** Fault tests wait for these, so they are short; the ratios are the real ones. */
const QUICK = {
  WAYBILL_LOG_LEVEL: "info",
  WAYBILL_DRAIN_LIMIT_MS: "8000",
};

export async function startStack(options: StackOptions = {}): Promise<TestStack> {
  const folder = await makeTestFolder("stack");
  const postgresFolder = await makeTestFolder("postgres");
  const closers: (() => Promise<unknown>)[] = [() => folder.remove(), () => postgresFolder.remove()];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer().catch(() => undefined);
  };
  try {
    return await build(options, folder, postgresFolder, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  options: StackOptions,
  folder: { path: string; killAtExit(pid: number): void },
  postgresFolder: { path: string; killAtExit(pid: number): void },
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<TestStack> {
  const [nats, provider, postgresPort] = await Promise.all([
    startTestNats(),
    startScriptedProvider({ logBytes: options.logBytes ?? false }),
    freePort(),
  ]);
  closers.push(
    () => nats.stop(),
    () => provider.stop(),
  );
  const secrets = {
    ...makeSecrets(),
    natsPasswords: nats.passwords as ReturnType<typeof makeSecrets>["natsPasswords"],
  };
  const postgresOptions = {
    dataDir: join(postgresFolder.path, "data"),
    port: postgresPort,
    password: secrets.postgresPassword,
    logFile: join(folder.path, "postgres.log"),
    durable: options.durable ?? false,
    onSpawn: (pid: number) => postgresFolder.killAtExit(pid),
  };
  let postgres = await startPostgres(postgresOptions);
  closers.push(() => postgres.endAtOnce());
  await applyRoles(postgres.url, secrets.rolePasswords);
  const asOwner = { PATH: process.env.PATH ?? "", DATABASE_URL: postgres.url };
  await migrateAll(ROOT, asOwner);
  const keys = await seedDemo(ROOT, asOwner);
  const configFile = join(folder.path, "waybill.yaml");
  await writeFile(configFile, (options.waybillYaml ?? scriptedYaml)(provider.url));

  const replicas = (name: ServiceName): number => options.replicas?.[name] ?? (name === "console" ? 0 : 1);
  const grpcPorts = {
    router: await ports(replicas("router")),
    budget: await ports(replicas("budget")),
    ledger: await ports(replicas("ledger")),
  };
  const plan = topology({
    ports: portsFromBase(1),
    secrets,
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    stateDir: folder.path,
    configFile,
    simulator: false,
    providerKeys: {},
    drainLimitMs: Number(QUICK.WAYBILL_DRAIN_LIMIT_MS),
    common: QUICK,
  });
  const addresses = (list: readonly number[]): string => list.map((port) => `127.0.0.1:${port}`).join(",");
  /** What the process number `first` of a service is told of its neighbours. */
  const linksFrom = (first: number): Record<string, string> => ({
    WAYBILL_ROUTER_URLS: addresses(rotated(grpcPorts.router, first)),
    WAYBILL_BUDGET_URLS: addresses(rotated(grpcPorts.budget, first)),
    WAYBILL_LEDGER_URLS: addresses(rotated(grpcPorts.ledger, first)),
  });

  const processes: { process: ServiceProcess; listens: Record<string, string> }[] = [];
  closers.push(async () => {
    await Promise.all(processes.map(({ process }) => process.kill9()));
  });
  const launch = (
    service: ServiceName,
    listens: Record<string, string>,
    env: Record<string, string>,
    index = 0,
  ): ServiceProcess => {
    const planned = plan.services.find(({ name }) => name === service) as ProcessPlan;
    const links = linksFrom(options.spread ? index : 0);
    const linked = Object.fromEntries(Object.entries(links).filter(([name]) => name in planned.settings));
    const settings = { ...linked, ...options.env?.all, ...options.env?.[service], ...env };
    const log = join(folder.path, `${service}-${processes.length}.log`);
    const process = startService(planned, listens, settings, log);
    folder.killAtExit(process.pid);
    processes.push({ process, listens });
    return process;
  };
  const listensOf = async (service: ServiceName, index: number): Promise<Record<string, string>> => {
    const listens: Record<string, string> = { WAYBILL_HEALTH_PORT: String(await freePort()) };
    if (service === "ingress" || service === "console") listens.WAYBILL_HTTP_PORT = String(await freePort());
    if (service === "router" || service === "budget" || service === "ledger") {
      listens.WAYBILL_GRPC_PORT = String(grpcPorts[service][index] ?? (await freePort()));
    }
    return listens;
  };

  const urls: string[] = [];
  const adminUrls: string[] = [];
  for (const { name } of plan.services) {
    for (let index = 0; index < replicas(name as ServiceName); index += 1) {
      const listens = await listensOf(name as ServiceName, index);
      launch(name as ServiceName, listens, {}, index);
      if (name === "ingress") urls.push(`http://127.0.0.1:${listens.WAYBILL_HTTP_PORT}`);
      if (name === "console") adminUrls.push(`http://127.0.0.1:${listens.WAYBILL_HTTP_PORT}`);
    }
  }
  await Promise.all(processes.map(({ process }) => process.ready()));

  let pool: Pool | undefined;
  closers.push(async () => pool?.end());
  return {
    url: urls[0] ?? "",
    urls,
    adminUrl: adminUrls[0] ?? "",
    keys,
    ownerUrl: postgres.url,
    financeUrl: plan.financeDatabaseUrl,
    plan,
    operatorToken: secrets.serviceTokens.operator,
    budgetUrls: grpcPorts.budget.map((port) => `127.0.0.1:${port}`),
    routerUrls: grpcPorts.router.map((port) => `127.0.0.1:${port}`),
    ledgerUrls: grpcPorts.ledger.map((port) => `127.0.0.1:${port}`),
    nats,
    get postgres() {
      return postgres;
    },
    provider,
    folder: folder.path,
    of: (name) =>
      processes.filter(({ process }) => process.name === name && process.isRunning).map(({ process }) => process),
    async start(name, { env = {}, inPlaceOf } = {}) {
      const before = processes.find(({ process }) => process === inPlaceOf);
      const process = launch(name, before?.listens ?? (await listensOf(name, Number.POSITIVE_INFINITY)), env);
      // The others must have found it, too; but one that is about to die in a test of its own need not.
      for (const other of processes) {
        if (other.process === process) await process.ready();
        else if (other.process.isRunning) await Promise.race([other.process.ready(), other.process.ended]);
      }
      return process;
    },
    async stopPostgres() {
      await pool?.end();
      pool = undefined;
      await postgres.stop();
    },
    async startPostgresAgain() {
      postgres = await startPostgres(postgresOptions);
    },
    async sql<R extends Row>(text: string, values: unknown[] = []) {
      pool ??= openPool({ url: postgres.url, applicationName: "waybill-test", connectionsMax: 2 });
      return (await pool.query<R>(text, values)).rows;
    },
    [Symbol.asyncDispose]: close,
  };
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const first = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

async function ports(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => freePort()));
}
