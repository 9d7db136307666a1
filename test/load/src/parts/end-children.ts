// A benchmark that is interrupted leaves nothing behind. NATS and Postgres lead process groups of their own and are ended
// by the folders they lie in; every other program that was started stands in our group.

import { pidsOfTree, readStat } from "./process-usage.ts";

const INTERRUPTED = 130;

/** On SIGINT, SIGTERM and SIGHUP: ends what this process started, then itself. */
export function endChildrenWithUs(): void {
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (isEnding) return;
      isEnding = true;
      void endChildren().finally(() => process.exit(INTERRUPTED));
    });
  }
}

async function endChildren(): Promise<void> {
  const own = await readStat(process.pid);
  for (const pid of await pidsOfTree(process.pid)) {
    if (pid === process.pid || (await readStat(pid))?.processGroup !== own?.processGroup) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
