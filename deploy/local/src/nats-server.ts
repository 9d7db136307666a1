// One real nats-server with JetStream, our accounts and a folder of its own: for `npm start` and for tests.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { NATS_USERS, type NatsPermissions } from "@waybill/wire";
import { plainEnvironment } from "./config.ts";
import { httpGet } from "./http-get.ts";
import { type NatsPasswords, renderNatsAccounts } from "./nats-accounts.ts";
import { type Exit, startOwnGroup } from "./own-group.ts";
import { PlainError } from "./plain-error.ts";

/** Settings that hold everywhere; the generated file only adds ports, folders and users. */
const staticSettings = fileURLToPath(new URL("../../nats/server.conf", import.meta.url));

const readyLimitMs = 15_000;
const readyPollMs = 20;
const askLimitMs = 1_000;
const stopLimitMs = 5_000;
// What all streams together may take. They are ceilings, not reservations of disk or memory.
const jetStreamMemoryMax = "4GB";
const jetStreamFileMax = "256GB";

export interface NatsServerOptions {
  /** Path of the nats-server program, see findNatsServer. */
  readonly binary: string;
  readonly port: number;
  /** Port of the HTTP monitor (/healthz, /jsz, /connz). */
  readonly monitorPort: number;
  /** Holds the generated configuration and JetStream's files; kept between starts. */
  readonly storeDir: string;
  /** One for each service, one for the reader of events and one for `operator`. */
  readonly passwords: NatsPasswords;
  readonly logFile: string;
  /** What each user may do; default: the table of libs/wire. */
  readonly permissions?: Readonly<Record<string, NatsPermissions>>;
  /** Told the process id at once, before the server is ready. */
  readonly onSpawn?: (pid: number) => void;
}

export interface RunningNatsServer {
  /** Without credentials: NATS_USER and NATS_PASSWORD carry those. */
  readonly url: string;
  readonly monitorUrl: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** SIGTERM, and the harder way after 5 s. The files stay. */
  stop(): Promise<void>;
  /** SIGKILL: as a crash would end it. */
  endAtOnce(): Promise<void>;
}

/** Resolves when JetStream answers. Rejects with a PlainError when the server ends first or is not ready in 15 s. */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  // A server of somebody else on the same port must not pass for ours.
  const serverName = `waybill-${randomBytes(8).toString("hex")}`;
  const configFile = await writeConfig(options, serverName);
  const server = await startOwnGroup({
    command: options.binary,
    args: ["--config", configFile],
    env: plainEnvironment(),
    logFile: options.logFile,
  });
  options.onSpawn?.(server.pid);
  const monitorUrl = `http://127.0.0.1:${options.monitorPort}`;
  const startedAt = performance.now();
  while (!(await isReady(monitorUrl, serverName))) {
    if (server.exit() !== undefined) {
      throw new PlainError(
        `nats-server ended while starting: ${await lastLogLine(options.logFile)} (log: ${options.logFile})`,
      );
    }
    if (performance.now() - startedAt > readyLimitMs) {
      await server.stop("SIGKILL", 0);
      throw new PlainError(`nats-server was not ready within ${readyLimitMs / 1000} s; see ${options.logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
  return {
    url: `nats://127.0.0.1:${options.port}`,
    monitorUrl,
    pid: server.pid,
    exited: server.exited,
    async stop() {
      await server.stop("SIGTERM", stopLimitMs);
    },
    async endAtOnce() {
      await server.stop("SIGKILL", stopLimitMs);
    },
  };
}

async function writeConfig(options: NatsServerOptions, serverName: string): Promise<string> {
  await mkdir(options.storeDir, { recursive: true, mode: 0o700 });
  const configFile = join(options.storeDir, "server.conf");
  // nats-server reads an include relative to the file that has it, also when the path looks absolute.
  const config = `# Written at every start by deploy/local; edit deploy/nats/server.conf instead.
include ${JSON.stringify(relative(dirname(configFile), staticSettings))}
server_name: ${serverName}
host: "127.0.0.1"
port: ${options.port}
http: "127.0.0.1:${options.monitorPort}"
jetstream {
  store_dir: ${JSON.stringify(options.storeDir)}
  max_memory_store: ${jetStreamMemoryMax}
  max_file_store: ${jetStreamFileMax}
}
${renderNatsAccounts(options.permissions ?? NATS_USERS, options.passwords)}`;
  await writeFile(configFile, config, { mode: 0o600 });
  return configFile;
}

async function isReady(monitorUrl: string, serverName: string): Promise<boolean> {
  const about = await httpGet(`${monitorUrl}/varz`, askLimitMs);
  if (about?.status !== 200 || !about.body.includes(`"${serverName}"`)) return false;
  return (await httpGet(`${monitorUrl}/healthz`, askLimitMs))?.status === 200;
}

async function lastLogLine(logFile: string): Promise<string> {
  const log = await readFile(logFile, "utf8").catch(() => "");
  return log.trimEnd().split("\n").at(-1) ?? "";
}
