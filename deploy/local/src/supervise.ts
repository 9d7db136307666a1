// Keeps one process of the stack running: starts it, waits until it is ready, starts it again when it dies, stops it.
//
// starting --ready--> ready --exit--> waiting --delay over--> starting ...; stop() from anywhere --> stopped.
// A process that dies before it was ever ready is given up after a few tries: waiting longer would not mend it.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { plainEnvironment } from "./config.ts";
import { httpGet } from "./http-get.ts";
import { type Exit, type OwnGroup, startOwnGroup } from "./own-group.ts";
import { PlainError } from "./plain-error.ts";
import type { Say } from "./say.ts";
import type { ProcessPlan } from "./topology.ts";

const startsBeforeGivingUp = 3;
const restartDelayFirstMs = 300;
const restartDelayMaxMs = 10_000;
/** A process that ran this long is not in a loop of crashes. */
const stableAfterMs = 30_000;
const readyPollMs = 50;
const askLimitMs = 1_000;
const logTailLines = 12;

export interface SupervisedOptions {
  readonly rootDir: string;
  readonly logDir: string;
  readonly say: Say;
  /** Told after every start and every end, so that what runs can be written down. */
  readonly onProcess?: (name: string, pid: number | undefined) => void;
  /** Node's own flags, e.g. to run sources as they are. */
  readonly nodeFlags?: readonly string[];
}

export interface Supervised {
  readonly name: string;
  readonly logFile: string;
  pid(): number | undefined;
  /** Resolves at the first readiness. Rejects with a PlainError when it cannot start, `limitMs` pass, or `stop` is aborted. */
  waitReady(limitMs: number, stop?: AbortSignal): Promise<void>;
  /** SIGTERM, and SIGKILL after `limitMs`. Not started again. */
  stop(limitMs: number): Promise<void>;
  /** SIGKILL, at once. Not started again. */
  kill(): void;
}

/** Starts the process. Rejects only when the program itself cannot be run. */
export async function superviseProcess(plan: ProcessPlan, options: SupervisedOptions): Promise<Supervised> {
  const supervisor = new Supervisor(plan, options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements Supervised {
  readonly name: string;
  readonly logFile: string;
  readonly #plan: ProcessPlan;
  readonly #options: SupervisedOptions;
  #running: OwnGroup | undefined;
  #stopping = false;
  #wasReady = false;
  #starts = 0;
  #restartDelayMs = restartDelayFirstMs;
  #restartTimer: NodeJS.Timeout | undefined;
  #gaveUp: PlainError | undefined;

  constructor(plan: ProcessPlan, options: SupervisedOptions) {
    this.name = plan.name;
    this.logFile = join(options.logDir, `${plan.name}.log`);
    this.#plan = plan;
    this.#options = options;
  }

  pid(): number | undefined {
    return this.#running?.pid;
  }

  async start(): Promise<void> {
    const { rootDir, nodeFlags = [], onProcess } = this.#options;
    const startedAt = performance.now();
    this.#starts += 1;
    const running = await startOwnGroup({
      command: process.execPath,
      args: [...nodeFlags, ...this.#plan.nodeFlags, join(rootDir, this.#plan.entry)],
      cwd: rootDir,
      env: { ...plainEnvironment(), ...this.#plan.settings, ...this.#plan.listens },
      logFile: this.logFile,
    });
    this.#running = running;
    onProcess?.(this.name, running.pid);
    // A stop that came while the process was being made.
    if (this.#stopping) running.signal("SIGKILL");
    void running.exited.then((exit) => this.#ended(exit, performance.now() - startedAt));
  }

  async waitReady(limitMs: number, stop?: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      stop?.throwIfAborted();
      const answer = await httpGet(this.#plan.readyUrl, askLimitMs);
      if (answer?.status === 200) {
        this.#wasReady = true;
        return;
      }
      if (this.#gaveUp !== undefined) throw this.#gaveUp;
      if (performance.now() - startedAt > limitMs) {
        const waitsFor = answer === undefined ? "it does not answer" : describeWaiting(answer.body);
        throw new PlainError(
          `${this.name} was not ready within ${limitMs / 1000} s: ${waitsFor} (log: ${this.logFile})`,
        );
      }
      await pause(readyPollMs);
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    await this.#running?.stop("SIGTERM", limitMs);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    this.#running?.signal("SIGKILL");
  }

  async #ended(exit: Exit, ranMs: number): Promise<void> {
    // Children of its own, if any, must not keep its ports.
    this.#running?.signal("SIGKILL");
    this.#running = undefined;
    this.#options.onProcess?.(this.name, undefined);
    if (this.#stopping) return;
    const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
    if (!this.#wasReady && this.#starts >= startsBeforeGivingUp) {
      this.#gaveUp = new PlainError(
        `${this.name} ended ${how} while starting. The end of ${this.logFile}:\n${await readTail(this.logFile)}`,
      );
      return;
    }
    if (ranMs > stableAfterMs) this.#restartDelayMs = restartDelayFirstMs;
    const delayMs = this.#restartDelayMs;
    this.#restartDelayMs = Math.min(delayMs * 2, restartDelayMaxMs);
    this.#options.say(`${this.name} ended ${how}; starting it again in ${delayMs / 1000} s (log: ${this.logFile})`);
    this.#restartTimer = setTimeout(() => void this.#startAgain(), delayMs);
  }

  async #startAgain(): Promise<void> {
    if (this.#stopping) return;
    await this.start().catch((error: unknown) => this.#options.say(`${this.name} cannot be started: ${String(error)}`));
    if (!this.#wasReady) return;
    // Not ready in time is worth a line, no more: the process stays and may still recover.
    await this.waitReady(stableAfterMs).then(
      () => this.#options.say(`${this.name} is ready again (process ${this.pid()})`),
      (error: unknown) => {
        if (!this.#stopping) this.#options.say(error instanceof Error ? error.message : String(error));
      },
    );
  }
}

function describeWaiting(body: string): string {
  try {
    const { waiting_for: waitingFor } = JSON.parse(body) as { waiting_for?: Record<string, string> };
    const parts = Object.entries(waitingFor ?? {}).map(([what, why]) => `${what} (${why})`);
    if (parts.length > 0) return `it waits for ${parts.join(", ")}`;
  } catch {
    // Not our readiness page: say what came.
  }
  return `it answers ${body.slice(0, 200)}`;
}

async function readTail(logFile: string): Promise<string> {
  const log = await readFile(logFile, "utf8").catch(() => "");
  return log.trimEnd().split("\n").slice(-logTailLines).join("\n");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
