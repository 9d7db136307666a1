// A program beside the stack (provider, peer), started on loopback and ended with the benchmark.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { eventually } from "@waybill/testing";

export interface SideProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface SideProcessOptions {
  readonly name: string;
  /** Node's own flags, the program and its arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Answers with any status when the program listens. */
  readonly probeUrl: string;
}

const READY_LIMIT_MS = 20_000;

export async function startSideProcess(options: SideProcessOptions): Promise<SideProcess> {
  const { name, args, env, logFile, probeUrl } = options;
  const log = createWriteStream(logFile);
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      log.end();
      resolve();
    });
  });
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    process.off("exit", endWithUs);
  };
  try {
    await eventually(
      async () => {
        if (child.exitCode !== null) return true;
        const answer = await fetch(probeUrl).catch(() => undefined);
        await answer?.arrayBuffer();
        return answer !== undefined;
      },
      { timeoutMs: READY_LIMIT_MS, reason: `${name} listens (log ${logFile})` },
    );
    if (child.exitCode !== null) throw new Error(`${name} ended while starting; its log is ${logFile}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, stop };
}
