// Where the tiny model's data may lie. It is never part of the repository.

import { fileURLToPath } from "node:url";

/** Folders to look in, in this order. */
export function tinyModelFolders(): readonly string[] {
  const named = process.env.WAYBILL_TINYLLM_DIR;
  if (named !== undefined && named !== "") return [named];
  return [fileURLToPath(new URL("../../../../../shared/data/tinyllm", import.meta.url))];
}
