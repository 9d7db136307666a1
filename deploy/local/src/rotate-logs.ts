// Keeps the log files of the state folder bounded: one older file of each is kept.

import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";

const logBytesMax = 20 * 1024 * 1024;

/** Called at a start, when nobody writes to them. */
export async function rotateLogs(logDir: string): Promise<void> {
  for (const name of await readdir(logDir)) {
    const path = join(logDir, name);
    if (name.endsWith(".log") && (await stat(path)).size > logBytesMax) await rename(path, `${path}.1`);
  }
}
