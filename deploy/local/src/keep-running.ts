// Keeps NATS or Postgres running: starts it again when it ends by itself, and stops it in order.

import { type Exit, within } from "./own-group.ts";
import type { Say } from "./say.ts";

const restartDelayFirstMs = 300;
const restartDelayMaxMs = 10_000;
/** A store that was just being started again when the stop came. */
const storeRestartLimitMs = 20_000;

/** NATS or Postgres, running and ready. */
interface Store {
  readonly url: string;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
  endAtOnce(): Promise<void>;
}

export interface KeptStore {
  readonly url: string;
  /** In order; what is written is kept. */
  stop(): Promise<void>;
  /** As fast as it can be without leaving a process behind. */
  endAtOnce(): Promise<void>;
}

/** Keeps what is started by a function of its own (NATS, Postgres) running; `start` resolves when it is ready. */
export async function keepRunning<Running extends Store>(
  name: string,
  start: () => Promise<Running>,
  tell: Say,
): Promise<KeptStore> {
  let stopping = false;
  let running = await start();
  const watch = async () => {
    for (;;) {
      const exit = await running.exited;
      if (stopping) return;
      tell(`${name} ended (${exit.signal ?? `exit code ${exit.code}`}); starting it again`);
      await pause(restartDelayFirstMs);
      running = await startUntilItWorks(name, start, () => stopping, tell, running);
      if (stopping) return await running.stop();
      tell(`${name} is ready again`);
    }
  };
  const watched = watch();
  const end = async (how: (store: Running) => Promise<void>) => {
    stopping = true;
    await how(running);
    await within(watched, storeRestartLimitMs);
  };
  return {
    url: running.url,
    stop: () => end((store) => store.stop()),
    endAtOnce: () => end((store) => store.endAtOnce()),
  };
}

async function startUntilItWorks<Running>(
  name: string,
  start: () => Promise<Running>,
  isStopping: () => boolean,
  tell: Say,
  before: Running,
): Promise<Running> {
  for (let delayMs = restartDelayFirstMs; !isStopping(); delayMs = Math.min(delayMs * 2, restartDelayMaxMs)) {
    try {
      return await start();
    } catch (error) {
      tell(`${name} cannot be started: ${error instanceof Error ? error.message : String(error)}`);
      await pause(delayMs);
    }
  }
  return before;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
