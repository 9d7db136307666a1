// Tells whether a process id still means the process it meant when it was written down; ids are used again.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { signalGroupOf } from "./own-group.ts";

const endPollMs = 30;
const killedPollMax = 100;

/** A text that two processes of the same id never share; empty when there is no such process. */
export function readProcessIdentity(pid: number): string {
  if (process.platform !== "linux") return askPs(pid, "lstart=");
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    // Fields after the name, which is in brackets and may hold anything: state is the first, start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : `${boot.trim()}:${fields[19]}`;
  } catch {
    return "";
  }
}

/** The command and its arguments, parted by blanks; empty when there is no such process. */
export function readCommandLine(pid: number): string {
  if (process.platform !== "linux") return askPs(pid, "command=");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Signals the group that a process leads, waits up to `limitMs` for the process to end, then kills the group. */
export async function endProcess(pid: number, signal: NodeJS.Signals, limitMs: number): Promise<void> {
  const identity = readProcessIdentity(pid);
  if (identity === "") return;
  const isThere = () => readProcessIdentity(pid) === identity;
  signalGroupOf(pid, signal);
  const startedAt = performance.now();
  while (isThere() && performance.now() - startedAt < limitMs) await pause();
  if (!isThere()) return;
  signalGroupOf(pid, "SIGKILL");
  for (let poll = 0; isThere() && poll < killedPollMax; poll++) await pause();
}

function askPs(pid: number, field: string): string {
  try {
    return execFileSync("ps", ["-o", field, "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, endPollMs));
}
