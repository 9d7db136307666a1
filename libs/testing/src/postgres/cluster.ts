// Joins the Postgres that test processes share, or has it started. Holding the connection to its keeper is what keeps it.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../eventually.ts";
import { isAlive, testHome } from "../test-folder.ts";
import { type ClusterFile, readClusterFile } from "./cluster-file.ts";

/** initdb and the first start on a slow machine. */
const START_LIMIT_MS = 120_000;
const LEASE_LIMIT_MS = 5_000;
const lockFile = join(testHome, "postgres-starting");

let joined: Promise<ClusterFile> | undefined;
let lease: Socket | undefined;

/** One per process; a keeper that is gone is replaced. */
export async function joinCluster(): Promise<ClusterFile> {
  if (lease?.destroyed === true) joined = undefined;
  joined ??= joinOrStart();
  return await joined;
}

/** Ends the shared cluster now instead of when it has been idle; for whoever runs all the tests. */
export async function endCluster(): Promise<void> {
  const cluster = await readClusterFile();
  if (cluster === undefined || !(await takeLease(cluster))) return;
  process.kill(cluster.keeperPid, "SIGTERM");
  await eventually(() => !isAlive(cluster.keeperPid), { reason: "the keeper of the test Postgres ends" });
}

async function joinOrStart(): Promise<ClusterFile> {
  await mkdir(testHome, { recursive: true, mode: 0o700 });
  const running = await readClusterFile();
  if (running !== undefined && (await takeLease(running))) return running;
  return await eventually(startOrWait, {
    reason: `the test Postgres starts; see ${join(testHome, "postgres-keeper.log")}`,
    timeoutMs: START_LIMIT_MS,
    intervalMs: 100,
  });
}

/** The first to take the lock file starts the keeper; the others see its cluster file before they get their turn. */
async function startOrWait(): Promise<ClusterFile | undefined> {
  const running = await readClusterFile();
  if (running !== undefined && (await takeLease(running))) return running;
  if (!(await takeLock())) return undefined;
  try {
    const pid = startKeeper();
    return await eventually(
      async () => {
        if (!isAlive(pid)) throw new Error("the keeper ended");
        const cluster = await readClusterFile();
        return cluster?.keeperPid === pid && (await takeLease(cluster)) ? cluster : undefined;
      },
      { reason: "the keeper has a Postgres", timeoutMs: START_LIMIT_MS, intervalMs: 50 },
    );
  } finally {
    await rm(lockFile, { force: true });
  }
}

/** A lock whose holder is gone is taken away. Two keepers, should that race, do no harm: the unfound one ends idle. */
async function takeLock(): Promise<boolean> {
  try {
    const lock = await open(lockFile, "wx", 0o600);
    await lock.writeFile(String(process.pid));
    await lock.close();
    return true;
  } catch {
    const holder = Number(await readFile(lockFile, "utf8").catch(() => ""));
    if (holder > 0 && !isAlive(holder)) await rm(lockFile, { force: true });
    return false;
  }
}

function startKeeper(): number {
  const isSource = import.meta.url.endsWith(".ts");
  const main = fileURLToPath(new URL(isSource ? "./keeper.ts" : "./keeper.js", import.meta.url));
  const flags = isSource ? ["--conditions=source", "--import", import.meta.resolve("tsx")] : [];
  const log = openSync(join(testHome, "postgres-keeper.log"), "w", 0o600);
  const keeper = spawn(process.execPath, [...flags, main], { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  closeSync(log);
  keeper.unref();
  if (keeper.pid === undefined) throw new Error("the keeper of the test Postgres could not be started");
  return keeper.pid;
}

/** True when that keeper is there and now counts us among its users. */
async function takeLease({ leasePort, secret }: ClusterFile): Promise<boolean> {
  const socket = createConnection({ port: leasePort, host: "127.0.0.1" });
  const answer = await new Promise<string>((resolve) => {
    let heard = "";
    socket.setTimeout(LEASE_LIMIT_MS, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
    socket.on("data", (bytes) => {
      heard += bytes.toString();
      if (heard.endsWith("\n")) resolve(heard);
    });
  });
  if (answer !== `${secret}\n`) {
    socket.destroy();
    return false;
  }
  socket.setTimeout(0);
  // It must not keep a finished test file from ending.
  socket.unref();
  lease?.destroy();
  lease = socket;
  return true;
}
