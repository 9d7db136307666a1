// Temporary folders of test servers. Whatever a test run leaves (it may be killed) is found and ended by the next one:
// the folder's name holds the process id of its maker, and each server in it runs with the folder's path in its command.

import { readFileSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";

/** Everything that tests of this user share or leave lies here. */
export const testHome = join(tmpdir(), `waybill-tests-${userInfo().uid}`);

export interface TestFolder {
  readonly path: string;
  /** A server (leader of its process group) that must not outlive this process. */
  killAtExit(pid: number): void;
  remove(): Promise<void>;
}

// Paths, each with the servers in it.
const folders = new Map<string, Set<number>>();
let swept: Promise<void> | undefined;

/** A folder of this process's own, removed with its servers when the process ends, however it ends short of SIGKILL. */
export async function makeTestFolder(kind: string): Promise<TestFolder> {
  await mkdir(testHome, { recursive: true, mode: 0o700 });
  swept ??= sweep();
  await swept;
  const path = await mkdtemp(join(testHome, `${kind}-${process.pid}-`));
  const servers = new Set<number>();
  if (folders.size === 0) cleanAtExit();
  folders.set(path, servers);
  return {
    path,
    killAtExit: (pid) => void servers.add(pid),
    async remove() {
      folders.delete(path);
      await rm(path, { recursive: true, force: true });
    },
  };
}

let isCleaningAtExit = false;

function cleanAtExit(): void {
  if (isCleaningAtExit) return;
  isCleaningAtExit = true;
  process.on("exit", endAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      endAll();
      // This handler is gone now, so the signal does what it does without us.
      process.kill(process.pid, signal);
    });
  }
}

function endAll(): void {
  for (const [path, servers] of folders) {
    for (const pid of servers) killServerOf(path, pid);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // A dying server wrote once more; the next run's sweep removes it.
    }
  }
  folders.clear();
}

/** Ends and removes what test processes that are gone have left. */
async function sweep(): Promise<void> {
  for (const name of await readdir(testHome)) {
    const maker = Number(/^[a-z]+-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(maker) || isAlive(maker)) continue;
    const path = join(testHome, name);
    for (const pid of await runningWith(path)) killServerOf(path, pid);
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function killServerOf(path: string, pid: number): void {
  // The number may belong to somebody else by now.
  if (!commandLine(pid).includes(path)) return;
  // Killed outright, PostgreSQL would leave its shared memory to the machine; on SIGQUIT it drops all and goes.
  const signal = basename(path).startsWith("postgres-") ? "SIGQUIT" : "SIGKILL";
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** Processes whose command names the folder. Only where /proc tells; elsewhere nothing is ended that we did not start. */
async function runningWith(path: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandLine(pid).includes(path));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Whether a process of this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
