// The resident memory of a target's parts while something is done to it.

import { setTimeout as sleep } from "node:timers/promises";
import { memoryMib, type Part } from "../parts/process-usage.ts";

/** MiB by part: before, and the highest seen meanwhile. */
export type RssMib = Readonly<Record<string, { readonly before: number; readonly during: number }>>;

const SAMPLE_EVERY_MS = 200;

export async function watchMemory<T>(parts: readonly Part[], work: () => Promise<T>): Promise<[T, RssMib]> {
  const seen: Record<string, { before: number; during: number }> = {};
  const look = async (): Promise<void> => {
    for (const part of parts) {
      const mib = await memoryMib(part, "VmRSS");
      seen[part.name] ??= { before: mib, during: mib };
      const of = seen[part.name];
      if (of !== undefined) of.during = Math.max(of.during, mib);
    }
  };
  await look();
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      await look();
      await sleep(SAMPLE_EVERY_MS);
    }
  })();
  try {
    return [await work(), seen];
  } finally {
    isRunning = false;
    await watching;
  }
}
