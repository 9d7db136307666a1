// `npm start`: the whole stack until Ctrl-C.

import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { type LauncherConfig, readLauncherConfig } from "../config.ts";
import { removeDevEnv, writeEnvFiles } from "../env-files.ts";
import { PidFile } from "../pid-file.ts";
import { portsFromBase } from "../ports.ts";
import { writePrivateFile } from "../private-file.ts";
import { RolesRefused } from "../roles.ts";
import { say, seconds } from "../say.ts";
import { Started, startStack } from "../stack.ts";
import { welcome } from "../welcome.ts";

/** npm passes a Ctrl-C on to us although the terminal has already sent it; only a later one is a second one. */
const sameCtrlCMs = 400;

export const startHelp = `npm start            start the whole stack; Ctrl-C stops it

Settings (environment):
  WAYBILL_PORT_BASE   first port, default 8600; moves every port of the stack
  WAYBILL_STATE_DIR   where data, logs and keys live, default .waybill
  WAYBILL_CONFIG      providers and models, default waybill.yaml where there is one
  NATS_URL            use this NATS instead of starting one
  DATABASE_URL        use this PostgreSQL (>= 14) instead of starting one; the owner's address
  OPENAI_API_KEY ...  keys of providers; only workers get them`;

export async function start(): Promise<void> {
  const startedAt = performance.now();
  const config = readLauncherConfig();
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  const pidFile = await PidFile.claim(config.stateDir, say);
  await removeDevEnv(config.stateDir);
  const started = new Started();
  const stop = stopOnSignal(started, pidFile);
  try {
    const ports = portsFromBase(config.portBase);
    const stack = await startStack(config, { ports, pidFile, started, say, stop });
    await writeEnvFiles(config.stateDir, stack);
    say(`\nready in ${seconds(startedAt)}\n`);
    say(welcome(stack, shownPath(config)));
    await aborted(stop);
  } catch (error) {
    if (!stop.aborted) {
      await explain(error, config);
      throw error;
    }
  } finally {
    await removeDevEnv(config.stateDir);
    await started.stopInOrder();
    pidFile.release();
  }
  say("stopped. The data stays; npm start goes on with it, npm run reset starts over.");
}

/** Aborted at the first request to stop; a second Ctrl-C ends everything at once. */
function stopOnSignal(started: Started, pidFile: PidFile): AbortSignal {
  const stop = new AbortController();
  let firstAtMs = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAtMs = performance.now();
      say("\nstopping: services finish what they have begun, at most 10 s (Ctrl-C again ends at once)");
      stop.abort();
      return;
    }
    if (performance.now() - firstAtMs < sameCtrlCMs) return;
    say("ending at once");
    void started.endAtOnce().then(() => {
      pidFile.release();
      process.exit(1);
    });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return stop.signal;
}

async function aborted(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
}

/** As short as it can be typed from the repository. */
function shownPath({ rootDir, stateDir }: LauncherConfig): string {
  const path = relative(rootDir, stateDir);
  return path.startsWith("..") ? stateDir : path;
}

async function explain(error: unknown, config: LauncherConfig): Promise<void> {
  if (!(error instanceof RolesRefused)) return;
  const file = join(config.stateDir, "roles-for-the-administrator.sql");
  await writePrivateFile(file, error.sql);
  say(error.sql);
  say(`(the same is in ${file}; it holds no plain password)\n`);
}
