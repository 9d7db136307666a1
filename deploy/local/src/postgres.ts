// One real PostgreSQL on loopback with a folder of its own: for `npm start` and for tests.

import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { connectOnce, sqlState } from "@waybill/store";
import { plainEnvironment } from "./config.ts";
import { type Exit, type OwnGroup, startOwnGroup } from "./own-group.ts";
import { PlainError } from "./plain-error.ts";
import { findPostgresPrograms } from "./postgres-programs.ts";
import { choosePostgresUser, giveTo, type PostgresUser } from "./postgres-user.ts";
import { endProcess, readCommandLine } from "./process-identity.ts";

const run = promisify(execFile);
const owner = "waybill";
const databaseName = "waybill";
const initLimitMs = 120_000;
const readyLimitMs = 60_000;
const readyPollMs = 20;
/** A fast shutdown writes a checkpoint first. */
const stopLimitMs = 15_000;
const quitLimitMs = 3_000;
/** The children of a server that was killed look for it every few seconds at the latest. */
const childrenLimitMs = 15_000;
const childrenPollMs = 200;
const connectionsMax = 200;

export interface PostgresOptions {
  /** Made at the first start, kept between starts. */
  readonly dataDir: string;
  readonly port: number;
  /** The owner's, set when the folder is made. */
  readonly password: string;
  readonly logFile: string;
  /** False: nothing is forced to disk. Only for tests that never kill Postgres. Default true. */
  readonly durable?: boolean;
  /** See choosePostgresUser. */
  readonly namespaces?: "where allowed" | "never";
  /** Told the process id at once, before the database answers. */
  readonly onSpawn?: (pid: number) => void;
}

export interface RunningPostgres {
  /** The owner's: superuser of this cluster, database `waybill`. */
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Fast shutdown: sessions are ended, everything is written. Immediate after 15 s. */
  stop(): Promise<void>;
  /** Immediate shutdown: nothing is written, the next start recovers; no process is left. */
  endAtOnce(): Promise<void>;
  /** SIGKILL to the first process, as a crash would end it; its children notice and go. */
  kill9(): Promise<void>;
}

/** Resolves when the database answers. Rejects with a PlainError when it cannot be made or started. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { namespaces = "where allowed", port, password } = options;
  const place = { programDir: findPostgresPrograms(), dataDir: resolve(options.dataDir) };
  await mkdir(dirname(place.dataDir), { recursive: true, mode: 0o700 });
  const user = await choosePostgresUser(place, namespaces);
  if (!(await exists(join(user.dataDir, "PG_VERSION")))) await makeCluster(user, password);
  await endLeftover(user.dataDir);
  const url = `postgres://${owner}:${encodeURIComponent(password)}@127.0.0.1:${port}/${databaseName}`;
  const server = await launchReady(user, url, options);
  return {
    url,
    pid: server.pid,
    exited: server.exited,
    async stop() {
      await server.stop("SIGINT", stopLimitMs);
    },
    async endAtOnce() {
      await server.stop("SIGQUIT", quitLimitMs);
    },
    async kill9() {
      await server.stop("SIGKILL", stopLimitMs);
    },
  };
}

/** Builds the cluster beside its place and moves it there, so that a start that was interrupted leaves no half of one. */
async function makeCluster(user: PostgresUser, password: string): Promise<void> {
  const unfinished = `${user.dataDir}.unfinished`;
  const passwordFile = `${user.dataDir}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    await giveTo({ uid: user.uid, gid: user.gid }, unfinished);
    await giveTo({ uid: user.uid, gid: user.gid }, passwordFile);
  }
  const flags = ["-U", owner, "--pwfile", passwordFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"];
  const [command = "", ...args] = [...user.prefix, join(user.programDir, "bin", "initdb"), "-D", unfinished, ...flags];
  try {
    await run(command, [...args, "--no-instructions"], {
      ...identityOf(user),
      cwd: "/",
      env: plainEnv(),
      timeout: initLimitMs,
    });
    await rm(user.dataDir, { recursive: true, force: true });
    await rename(unfinished, user.dataDir);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").slice(1).join(" ") || error.message : "";
    throw new PlainError(`PostgreSQL could not be set up in ${user.dataDir}: ${reason}`);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Children of a server that was killed may still be about to notice; PostgreSQL refuses to start beside them. */
async function launchReady(user: PostgresUser, url: string, options: PostgresOptions): Promise<OwnGroup> {
  const endsAtMs = performance.now() + childrenLimitMs;
  for (;;) {
    const server = await launch(user, options);
    options.onSpawn?.(server.pid);
    try {
      await waitUntilReady(server, url, user.dataDir, options.logFile);
      return server;
    } catch (error) {
      const isBesideChildren = error instanceof PlainError && error.message.includes("shared memory block");
      if (!isBesideChildren || performance.now() >= endsAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, childrenPollMs));
    }
  }
}

async function launch(user: PostgresUser, { port, logFile, durable = true }: PostgresOptions): Promise<OwnGroup> {
  const settings: Record<string, string | number> = {
    port,
    listen_addresses: "127.0.0.1",
    // A socket file would need a short path and an open folder; loopback needs neither.
    unix_socket_directories: "",
    max_connections: connectionsMax,
    timezone: "UTC",
    log_timezone: "UTC",
    log_checkpoints: "off",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const program = join(user.programDir, "bin", "postgres");
  const [command = "", ...args] = [...user.prefix, program, "-D", user.dataDir, ...flags];
  return await startOwnGroup({ command, args, env: plainEnv(), cwd: "/", logFile, ...identityOf(user) });
}

function identityOf({ uid, gid }: PostgresUser): { uid?: number; gid?: number } {
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

/** PostgreSQL takes settings from variables of its own names, so it gets none of ours. */
function plainEnv(): Record<string, string> {
  return { ...plainEnvironment(), LC_ALL: "C" };
}

/** A server that outlived its launcher on this folder is shut down; a pid file whose number is somebody else's now, removed. */
async function endLeftover(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const command = readCommandLine(pid);
  // The pid file of a server that is gone stays: PostgreSQL reads in it whether children of that server still write.
  if (command === "") return;
  if (command.includes(dataDir)) await endProcess(pid, "SIGINT", stopLimitMs);
  // After a restart of the machine the number may belong to anyone, and PostgreSQL would refuse to start.
  else await unlink(pidFile);
}

async function waitUntilReady(server: OwnGroup, url: string, dataDir: string, logFile: string): Promise<void> {
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  for (;;) {
    const problem = await ensureDatabase(url, dataDir).catch((error: unknown) => error);
    if (problem === undefined) return;
    if (server.exit() !== undefined) {
      throw new PlainError(`PostgreSQL ended while starting: ${await lastFatal(logFile)} (log: ${logFile})`);
    }
    if (sqlState(problem) === "28P01") {
      await server.stop("SIGINT", stopLimitMs);
      throw new PlainError(
        "the password of the local PostgreSQL is not the one in the state folder; run `npm run reset`.",
      );
    }
    if (elapsedMs() > readyLimitMs) {
      await server.stop("SIGINT", stopLimitMs);
      throw new PlainError(`PostgreSQL was not ready within ${readyLimitMs / 1000} s; see ${logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
}

async function ensureDatabase(url: string, dataDir: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  const client = await connectOnce(maintenance.href, "waybill-start");
  try {
    // A server of somebody else on the same port must not pass for ours.
    const answering = await client.query<{ data_directory: string }>("SHOW data_directory");
    if (answering.rows[0]?.data_directory !== dataDir) throw new Error("another PostgreSQL answers on this port");
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [databaseName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

async function lastFatal(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n");
  return lines.findLast((line) => line.includes("FATAL")) ?? lines.at(-1) ?? "";
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
