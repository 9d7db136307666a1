// Whose a spool folder is, and whether that process still lives. A process id alone may have been given to somebody else,
// and on a shared disk it says nothing about another machine; so start time, host and a sign of life are kept beside it.
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

const LOCK_FILE = "lock";
/** How old the sign of life of a process on another machine must be before it counts as dead. */
const FOREIGN_SILENCE_MS = 60_000;

interface Owner {
  pid: number;
  host: string;
  /** Start time as the kernel gives it; empty where there is no /proc. */
  startedAt: string;
}

/** Writes the lock of this process. */
export function writeLock(folder: string): void {
  const owner: Owner = { pid: process.pid, host: hostname(), startedAt: startOf(process.pid) ?? "" };
  writeFileSync(join(folder, LOCK_FILE), JSON.stringify(owner), { mode: 0o600 });
}

/** A sign of life for other machines; call it every few seconds. */
export function touchLock(folder: string, nowMs: number): void {
  try {
    utimesSync(join(folder, LOCK_FILE), nowMs / 1_000, nowMs / 1_000);
  } catch {
    // The folder was taken over, or the disk is gone; appending will say so.
  }
}

/** True when the folder's owner is certainly gone. */
export function isAbandoned(folder: string, nowMs: number): boolean {
  let owner: Owner;
  let seenAtMs: number;
  try {
    owner = JSON.parse(readFileSync(join(folder, LOCK_FILE), "utf8")) as Owner;
    seenAtMs = statSync(join(folder, LOCK_FILE)).mtimeMs;
  } catch {
    // Being removed by its owner at this moment, or not a spool at all.
    return false;
  }
  if (owner.host !== hostname()) return nowMs - seenAtMs > FOREIGN_SILENCE_MS;
  if (!isRunning(owner.pid)) return true;
  const startedAt = startOf(owner.pid);
  return owner.startedAt !== "" && startedAt !== undefined && startedAt !== owner.startedAt;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but it runs.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of /proc/<pid>/stat, counted behind the name, which may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
