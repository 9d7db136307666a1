// How long the disk takes to keep 8 KiB, beside which everything durable is to be read.
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

const TIMES = 200;

/** Mean of 200, in milliseconds, on the disk of this folder. */
export async function fsyncMs(folder: string): Promise<number> {
  const path = join(folder, "fsync");
  const file = await open(path, "w");
  const block = Buffer.alloc(8_192);
  const startedAtMs = performance.now();
  for (let index = 0; index < TIMES; index += 1) {
    await file.write(block);
    await file.datasync();
  }
  const tookMs = performance.now() - startedAtMs;
  await file.close();
  await rm(path);
  return tookMs / TIMES;
}
