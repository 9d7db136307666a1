// One service as a process of a test stack: started from its built program, watched, ended politely or by kill -9.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessPlan } from "@waybill/local";
import { eventually } from "@waybill/testing";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_LIMIT_MS = 30_000;
const LOG_LINES = 5;

export interface ServiceProcess {
  readonly name: ProcessPlan["name"];
  readonly pid: number;
  readonly logFile: string;
  readonly healthPort: number;
  readonly isRunning: boolean;
  ready(): Promise<void>;
  /** The crash: nothing is flushed, nobody is told. Resolves when the process is gone. */
  kill9(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>;
  pause(): void;
  resume(): void;
  /** Resolves when the process has ended, by itself or not. */
  readonly ended: Promise<void>;
  metrics(): Promise<string>;
}

/** Starts the program of a plan with its settings and `env` on top. */
export function startService(
  plan: ProcessPlan,
  listens: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  logFile: string,
): ServiceProcess {
  const log = createWriteStream(logFile, { flags: "a" });
  const child: ChildProcess = spawn(process.execPath, [...plan.nodeFlags, join(ROOT, plan.entry)], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...plan.settings, ...listens, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  let isRunning = true;
  let exitCode: number | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      isRunning = false;
      exitCode = code;
      log.end();
      resolve();
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${plan.entry}`);
  const healthPort = Number(listens.WAYBILL_HEALTH_PORT ?? 0);
  const readyUrl = plan.name === "simulator" ? plan.readyUrl : `http://127.0.0.1:${healthPort}/readyz`;
  return {
    name: plan.name,
    pid,
    logFile,
    healthPort,
    get isRunning() {
      return isRunning;
    },
    async ready() {
      await eventually(
        async () => {
          if (!isRunning) return true;
          const answer = await fetch(readyUrl).catch(() => undefined);
          return answer?.ok === true;
        },
        { timeoutMs: READY_LIMIT_MS, reason: `${plan.name} is ready (log ${logFile})` },
      );
      if (isRunning) return;
      // The folder goes with the test, so the reason is said here.
      const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n").slice(-LOG_LINES);
      throw new Error(`${plan.name} ended while starting; the end of its log:\n${lines.join("\n")}`);
    },
    async kill9() {
      if (isRunning) child.kill("SIGKILL");
      await ended;
    },
    async terminate() {
      if (isRunning) child.kill("SIGTERM");
      await ended;
      return exitCode;
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    ended,
    metrics: async () => (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text(),
  };
}
