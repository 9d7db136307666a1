// Tells whether a process id still means the process it meant when it was written down; ids are used again.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { signalGroupOf } from "./own-group.ts";

const run = promisify(execFile);
const endPollMs = 30;

/** A text that two processes of the same id never share; empty when there is no such process. */
export async function readProcessIdentity(pid: number): Promise<string> {
  if (process.platform !== "linux") return await askPs(pid, "lstart=");
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // Fields after the name, which is in brackets and may hold anything: state is the first, start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : `${boot.trim()}:${fields[19]}`;
  } catch {
    return "";
  }
}

/** The command and its arguments, parted by blanks; empty when there is no such process. */
export async function readCommandLine(pid: number): Promise<string> {
  if (process.platform !== "linux") return await askPs(pid, "command=");
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ").trim();
}

/** Signals a process that leads a group, waits up to `limitMs`, then kills the group. */
export async function endProcess(pid: number, signal: NodeJS.Signals, limitMs: number): Promise<void> {
  const identity = await readProcessIdentity(pid);
  if (identity === "") return;
  signalGroupOf(pid, signal);
  const startedAt = performance.now();
  while ((await readProcessIdentity(pid)) === identity) {
    if (performance.now() - startedAt > limitMs) {
      signalGroupOf(pid, "SIGKILL");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, endPollMs));
  }
}

async function askPs(pid: number, field: string): Promise<string> {
  return await run("ps", ["-o", field, "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}
