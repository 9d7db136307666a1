// `npm start` as a person has it: its own process group, its output, Ctrl-C; on a state folder and ports of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { namePorts, portsFromBase, requireFreePorts } from "@waybill/local";
import { eventually } from "@waybill/testing";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_LIMIT_MS = 120_000;
/** Services have 10 s, then the stores are stopped. */
const STOP_LIMIT_MS = 40_000;

export interface Launcher {
  output(): string;
  /** Resolves with dev.env once everything is ready. */
  ready(): Promise<Record<string, string | undefined>>;
  /** What a terminal does: SIGINT to the whole foreground group. */
  ctrlC(): void;
  kill9(): void;
  /** Resolves with the milliseconds until the process had ended. */
  ended(): Promise<number>;
  exitCode(): number | null;
  /** Of everything that the launcher has running now. */
  pids(): Record<string, number>;
}

/** Of everything that the last launcher on this state folder has running, or left running when it was killed. */
export function recordedPids(stateDir: string): Record<string, number> {
  const file = join(stateDir, "launcher.json");
  if (!existsSync(file)) return {};
  const record = JSON.parse(readFileSync(file, "utf8")) as { processes: Record<string, { pid: number }> };
  return Object.fromEntries(Object.entries(record.processes).map(([name, { pid }]) => [name, pid]));
}

/** A base with all its ports free at this moment. */
export async function freePortBase(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 100);
    const wanted = namePorts(portsFromBase(base), { nats: true, postgres: true, simulator: true });
    if (
      await requireFreePorts(wanted).then(
        () => true,
        () => false,
      )
    )
      return base;
  }
  throw new Error("no free range of ports was found");
}

/** Runs one of the npm scripts' commands without npm, and nothing of the caller's own settings. */
export function runCommand(command: string, args: readonly string[], env: Record<string, string>): Launcher {
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, "deploy/local/bootstrap.mjs"), command, ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const startedAt = performance.now();
  let exited = false;
  const exit = new Promise<number>((resolve) => {
    child.once("close", () => {
      exited = true;
      resolve(performance.now() - startedAt);
    });
  });
  const stateDir = env.WAYBILL_STATE_DIR ?? "";
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && !exited) process.kill(-child.pid, signal);
  };
  return {
    output: () => output,
    async ready() {
      await eventually(
        async () => {
          if (exited) throw new Error(`the launcher ended while starting:\n${output}`);
          return /^ready in /m.test(output) && output.includes("Ctrl-C");
        },
        { timeoutMs: READY_LIMIT_MS, reason: "the stack is ready" },
      );
      return parseEnv(await readFile(join(stateDir, "dev.env"), "utf8"));
    },
    ctrlC: () => signalGroup("SIGINT"),
    kill9: () => signalGroup("SIGKILL"),
    async ended() {
      const askedAt = performance.now();
      const timer = setTimeout(() => signalGroup("SIGKILL"), STOP_LIMIT_MS);
      await exit;
      clearTimeout(timer);
      return performance.now() - askedAt;
    },
    exitCode: () => child.exitCode,
    pids: () => recordedPids(stateDir),
  };
}

/** Names of the processes that still run. */
export function stillRunning(pids: Record<string, number>): string[] {
  return Object.entries(pids)
    .filter(([, pid]) => {
      try {
        // A zombie has ended; it only waits to be counted.
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    })
    .map(([name]) => name);
}
