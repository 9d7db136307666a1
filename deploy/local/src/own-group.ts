// A child process in a process group of its own, so that a Ctrl-C in the terminal reaches the launcher only and the launcher decides the order.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

export interface OwnGroupOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child: nothing is inherited, so that a secret reaches only the process it is meant for. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Both outputs are appended here. The file outlives the launcher. */
  readonly logFile: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface OwnGroup {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Undefined while the process runs. */
  exit(): Exit | undefined;
  /** Sends the signal to the whole group; false when nobody is left. */
  signal(signal: NodeJS.Signals): boolean;
  /** Sends `signal`, waits up to `limitMs`, then kills the group. */
  stop(signal: NodeJS.Signals, limitMs: number): Promise<Exit>;
}

export async function startOwnGroup(options: OwnGroupOptions): Promise<OwnGroup> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  closeSync(log);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.command} has no process id`);
  const signalGroup = (signal: NodeJS.Signals) => signalGroupOf(pid, signal);
  return {
    pid,
    exited,
    exit: () => exit,
    signal: signalGroup,
    async stop(signal, limitMs) {
      if (exit !== undefined) return exit;
      signalGroup(signal);
      const ended = await within(exited, limitMs);
      if (ended !== undefined) return ended;
      signalGroup("SIGKILL");
      return await exited;
    },
  };
}

/** False when the group is gone. */
export function signalGroupOf(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The promise's value, or undefined when `limitMs` pass first. */
export async function within<Value>(promise: Promise<Value>, limitMs: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
