// THE STORY of `npm start`: stores, roles, tables, demo, services; and the same backwards.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { LauncherConfig } from "./config.ts";
import { findNatsServer, natsServerVersion, natsServerWarning } from "./find-nats-server.ts";
import { requireDatabase, requireNats } from "./given-stores.ts";
import { type KeptStore, keepRunning } from "./keep-running.ts";
import { startNatsServer } from "./nats-server.ts";
import type { PidFile } from "./pid-file.ts";
import { namePorts, type Ports, requireFreePorts } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { makeAdminKey, migrateAll, seedDemo } from "./prepare-database.ts";
import { applyRoles } from "./roles.ts";
import { rotateLogs } from "./rotate-logs.ts";
import { type Say, seconds } from "./say.ts";
import { loadSecrets, type StackSecrets, saveSecrets } from "./secrets.ts";
import { stopServices } from "./stop-order.ts";
import { type Supervised, superviseProcess } from "./supervise.ts";
import { type ProcessPlan, type Topology, topology } from "./topology.ts";

const readyLimitMs = 60_000;

export interface StackOptions {
  readonly ports: Ports;
  readonly pidFile: PidFile;
  readonly started: Started;
  readonly say: Say;
  /** Aborted when the person does not want it any more. */
  readonly stop: AbortSignal;
}

export interface RunningStack {
  readonly plan: Topology;
  readonly secrets: StackSecrets;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** What has been started so far, to be stopped in order or at once. Filled while starting, so that a failed start stops too. */
export class Started {
  readonly services: Supervised[] = [];
  readonly stores: KeptStore[] = [];

  /** Services in the order of the path, 10 s for all; then the stores. */
  async stopInOrder(): Promise<void> {
    await stopServices(this.services);
    await Promise.all(this.stores.map((store) => store.stop()));
  }

  async endAtOnce(): Promise<void> {
    for (const service of this.services) service.kill();
    await Promise.all(this.stores.map((store) => store.endAtOnce()));
  }
}

/** Resolves when every service is ready. Rejects with a PlainError or when `stop` is aborted; what runs then is in `started`. */
export async function startStack(
  config: LauncherConfig,
  { ports, pidFile, started, say, stop }: StackOptions,
): Promise<RunningStack> {
  const logDir = join(config.stateDir, "logs");
  await mkdir(logDir, { recursive: true, mode: 0o700 });
  await rotateLogs(logDir);
  const own = { nats: config.natsUrl === undefined, postgres: config.databaseUrl === undefined, simulator: true };
  await requireFreePorts(namePorts(ports, own));
  const secrets = await loadSecrets(config.stateDir);

  const place: Place = { config, ports, secrets, pidFile, started, logDir, say, stop };
  const opening = [openNats(place), openPostgres(place)] as const;
  // Both must have come to an end, well or not, before anything can be stopped.
  await Promise.allSettled(opening);
  const [natsUrl, databaseUrl] = await Promise.all(opening);
  stop.throwIfAborted();
  await applyRoles(databaseUrl, secrets.rolePasswords);
  const preparedAt = performance.now();
  const asOwner = { ...config.plain, ...config.common, DATABASE_URL: databaseUrl };
  await migrateAll(config.rootDir, asOwner);
  // Our own database was seeded when its keys were written down; a given one may be another than last time.
  const seeded = own.postgres && Object.keys(secrets.demoKeys).length > 0;
  const demoKeys = { ...secrets.demoKeys, ...(seeded ? {} : await seedDemo(config.rootDir, asOwner)) };
  if (seeded) demoKeys.admin ??= await makeAdminKey(config.rootDir, asOwner);
  await saveSecrets(config.stateDir, { ...secrets, demoKeys });
  say(`tables and demo are in place (${seconds(preparedAt)})`);

  const plan = topology({
    ports,
    secrets,
    natsUrl,
    ...(config.natsLogin === undefined ? {} : { natsLogin: config.natsLogin }),
    databaseUrl,
    stateDir: config.stateDir,
    configFile: config.configFile,
    simulator: true,
    providerKeys: config.providerKeys,
    drainLimitMs: config.drainLimitMs,
    common: config.common,
  });
  stop.throwIfAborted();
  await startServices(plan, place);
  return { plan, secrets: { ...secrets, demoKeys }, databaseUrl, natsUrl };
}

interface Place extends StackOptions {
  readonly config: LauncherConfig;
  readonly secrets: StackSecrets;
  readonly logDir: string;
}

async function openNats({ config, ports, secrets, pidFile, started, logDir, say }: Place): Promise<string> {
  if (config.natsUrl !== undefined) {
    await requireNats(config.natsUrl);
    if (config.natsLogin !== undefined) say("NATS_URL has one user, which every service now shares: no isolation");
    return config.natsUrl;
  }
  const startedAt = performance.now();
  const binary = await findNatsServer(join(config.stateDir, "tools"), { onProgress: say });
  const version = await natsServerVersion(binary);
  const options = {
    binary,
    port: ports.nats,
    monitorPort: ports.natsMonitor,
    storeDir: join(config.stateDir, "nats"),
    passwords: secrets.natsPasswords,
    logFile: join(logDir, "nats.log"),
    onSpawn: (pid: number) => pidFile.set("nats", pid),
  };
  const store = await keepRunning("NATS", () => startNatsServer(options), say);
  started.stores.push(store);
  say(`NATS ${version} is ready (${seconds(startedAt)})`);
  const warning = natsServerWarning(version);
  if (warning !== undefined) say(`  ${warning}`);
  return store.url;
}

async function openPostgres({ config, ports, secrets, pidFile, started, logDir, say }: Place): Promise<string> {
  if (config.databaseUrl !== undefined) {
    await requireDatabase(config.databaseUrl);
    return config.databaseUrl;
  }
  const startedAt = performance.now();
  const options = {
    dataDir: join(config.stateDir, "postgres"),
    port: ports.postgres,
    password: secrets.postgresPassword,
    logFile: join(logDir, "postgres.log"),
    onSpawn: (pid: number) => pidFile.set("postgres", pid),
  };
  const store = await keepRunning("PostgreSQL", () => startPostgres(options), say);
  started.stores.push(store);
  say(`PostgreSQL is ready (${seconds(startedAt)})`);
  return store.url;
}

async function startServices(plan: Topology, { config, pidFile, started, logDir, say, stop }: Place): Promise<void> {
  const startedAt = performance.now();
  const onProcess = (name: string, pid: number | undefined) => pidFile.set(name, pid);
  const plans = [...(plan.simulator === undefined ? [] : [plan.simulator]), ...plan.services];
  const startEach = async (chosen: readonly ProcessPlan[]) => {
    for (const process of chosen) {
      started.services.push(await superviseProcess(process, { rootDir: config.rootDir, logDir, say, onProcess }));
    }
  };
  await startEach(plans.filter(({ name }) => name !== "worker"));
  // A worker says what it serves when it starts. A router that is not listening yet would refuse the first second's requests.
  await started.services.find(({ name }) => name === "router")?.waitReady(readyLimitMs, stop);
  await startEach(plans.filter(({ name }) => name === "worker"));
  await Promise.all(started.services.map((service) => service.waitReady(readyLimitMs, stop)));
  say(`${plans.map(({ name }) => name).join(", ")} are ready (${seconds(startedAt)})`);
}
