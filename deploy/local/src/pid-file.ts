// Which launcher runs on a state folder, and the processes it started: how a second launcher is refused, and how what a
// killed one left behind is found and ended.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlainError } from "./plain-error.ts";
import { endProcess, readProcessIdentity } from "./process-identity.ts";
import type { Say } from "./say.ts";

const serviceEndLimitMs = 5_000;
const storeEndLimitMs = 15_000;

/** `identity` tells a process from a later one with the same id; empty: it could not be read, so it is never ended. */
interface ProcessRecord {
  readonly pid: number;
  readonly identity: string;
}

interface PidRecord {
  readonly launcher: ProcessRecord;
  readonly processes: Readonly<Record<string, ProcessRecord>>;
}

/** NATS and Postgres end after everybody who uses them, in the way they call orderly. */
const stores: Readonly<Record<string, NodeJS.Signals>> = { nats: "SIGTERM", postgres: "SIGINT" };

export class PidFile {
  readonly #path: string;
  readonly #launcher: ProcessRecord;
  readonly #processes: Record<string, ProcessRecord> = {};

  private constructor(path: string, launcher: ProcessRecord) {
    this.#path = path;
    this.#launcher = launcher;
  }

  /** Rejects with a PlainError while another launcher runs; ends what a dead one left behind. */
  static async claim(stateDir: string, say: Say): Promise<PidFile> {
    const path = pathIn(stateDir);
    const launcher = { pid: process.pid, identity: readProcessIdentity(process.pid) };
    const claimed = new PidFile(path, launcher);
    for (;;) {
      try {
        writeFileSync(path, claimed.#render(), { flag: "wx", mode: 0o600 });
        return claimed;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      refuseWhileRunning(stateDir);
      const stale = readRecord(stateDir);
      await endLeftovers(stale, say);
      // Another launcher that had the same idea may have claimed it meanwhile.
      if (readRecord(stateDir)?.launcher.identity === stale?.launcher.identity) rmSync(path, { force: true });
    }
  }

  /** Written before the launcher does anything else with the new process. */
  set(name: string, pid: number | undefined): void {
    if (pid === undefined) {
      delete this.#processes[name];
      this.#write();
      return;
    }
    this.#processes[name] = { pid, identity: readProcessIdentity(pid) };
    this.#write();
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    const unfinished = `${this.#path}.unfinished`;
    writeFileSync(unfinished, this.#render(), { mode: 0o600 });
    renameSync(unfinished, this.#path);
  }

  #render(): string {
    return JSON.stringify({ launcher: this.#launcher, processes: this.#processes } satisfies PidRecord);
  }
}

/** Throws a PlainError while a launcher runs on this state folder. */
export function refuseWhileRunning(stateDir: string): void {
  const launcher = readRecord(stateDir)?.launcher;
  if (launcher !== undefined && isAlive(launcher)) {
    throw new PlainError(
      `Waybill is already running here (process ${launcher.pid}, state in ${stateDir}); stop it with Ctrl-C there or: kill ${launcher.pid}`,
    );
  }
}

/** Ends services first, then what they use. */
async function endLeftovers(record: PidRecord | undefined, say: Say): Promise<void> {
  const left = Object.entries(record?.processes ?? {}).filter(([, process]) => isAlive(process));
  if (left.length === 0) return;
  say(`ending what an earlier start left behind: ${left.map(([name, { pid }]) => `${name} (${pid})`).join(", ")}`);
  const services = left.filter(([name]) => stores[name] === undefined);
  await Promise.all(services.map(([, { pid }]) => endProcess(pid, "SIGTERM", serviceEndLimitMs)));
  for (const [name, { pid }] of left) {
    const signal = stores[name];
    if (signal !== undefined) await endProcess(pid, signal, storeEndLimitMs);
  }
}

function isAlive({ pid, identity }: ProcessRecord): boolean {
  return identity !== "" && readProcessIdentity(pid) === identity;
}

function readRecord(stateDir: string): PidRecord | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(stateDir), "utf8")) as PidRecord;
  } catch {
    return undefined;
  }
}

function pathIn(stateDir: string): string {
  return join(stateDir, "launcher.json");
}
