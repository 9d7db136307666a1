// CPU seconds and memory of processes, as Linux counts them in /proc.

import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

/** One line of a report: a service, NATS, Postgres, or a peer. */
export interface Part {
  readonly name: string;
  /** All processes of it that run now. */
  pids(): Promise<readonly number[]>;
}

export interface ProcessStat {
  readonly parent: number;
  readonly processGroup: number;
  /** In clock ticks, user and system; of the children, only those that have ended. */
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const MIB_KIB = 1_024;

/** Parses /proc/<pid>/stat; the command in it may hold blanks and brackets. */
export function parseStat(text: string): ProcessStat {
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const at = (index: number): number => fields[index] ?? 0;
  return { parent: at(1), processGroup: at(2), ownTicks: at(11) + at(12), endedChildrenTicks: at(13) + at(14) };
}

/** CPU seconds of a part's processes since they started, those of ended Postgres backends among them. */
export async function cpuSeconds(part: Part): Promise<number> {
  let ticks = 0;
  for (const pid of await part.pids()) {
    const stat = await readStat(pid);
    if (stat !== undefined) ticks += stat.ownTicks + stat.endedChildrenTicks;
  }
  return ticks / ticksPerSecond;
}

/** MiB of resident memory: now (VmRSS) or at its highest (VmHWM), summed over the part's processes. */
export async function memoryMib(part: Part, kind: "VmRSS" | "VmHWM"): Promise<number> {
  let kib = 0;
  for (const pid of await part.pids()) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    kib += Number(new RegExp(`^${kind}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  }
  return kib / MIB_KIB;
}

/** A process and all its descendants, such as Postgres and its backends, each of which has a session of its own. */
export async function pidsOfTree(root: number): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const parent = (await readStat(pid))?.parent;
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(childrenOf.get(pid) ?? []));
  return found;
}

/** Undefined when there is no such process. */
export async function readStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseStat(text);
}
