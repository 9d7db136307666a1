// Loads the tiny transformer where its data is present; tests that want it are skipped where it is not.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tinyModelFolders } from "./config.ts";
import { type Checkpoint, readCheckpoint } from "./core/checkpoint.ts";
import { Tokenizer } from "./core/tokenizer.ts";

export interface TinyModel {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
}

/** Undefined where the files are missing; throws where they are there and broken. */
export async function findTinyModel(): Promise<TinyModel | undefined> {
  for (const folder of tinyModelFolders()) {
    const files = await readBoth(folder);
    if (files === undefined) continue;
    const checkpoint = readCheckpoint(files.checkpoint);
    return { checkpoint, tokenizer: new Tokenizer(files.tokenizer, checkpoint.shape.vocabulary) };
  }
  return undefined;
}

/** For the reason of a skipped test. */
export function tinyModelMissing(): string {
  return `no stories260K.bin and tok512.bin in ${tinyModelFolders().join(" or ")}; set WAYBILL_TINYLLM_DIR`;
}

async function readBoth(folder: string): Promise<{ checkpoint: Buffer; tokenizer: Buffer } | undefined> {
  try {
    const [checkpoint, tokenizer] = await Promise.all([
      readFile(join(folder, "stories260K.bin")),
      readFile(join(folder, "tok512.bin")),
    ]);
    return { checkpoint, tokenizer };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
