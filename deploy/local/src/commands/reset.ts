// `npm run reset`: forgets all data of the local stack. What was downloaded stays.

import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readLauncherConfig } from "../config.ts";
import { PidFile, refuseWhileRunning } from "../pid-file.ts";
import { PlainError } from "../plain-error.ts";
import { removeData } from "../postgres-user.ts";
import { say } from "../say.ts";

/** nats-server and pnpm, which hold no data. */
const keptName = "tools";

export const resetHelp = `npm run reset        delete the data of the local stack: books, keys, budgets, logs; npm start begins anew

Refuses while the stack runs, and on a database or NATS that npm start did not start (DATABASE_URL, NATS_URL).
Settings: WAYBILL_STATE_DIR, default .waybill`;

/** Rejects with a PlainError where there is something that is not ours to delete. */
export async function reset(): Promise<void> {
  const { stateDir, databaseUrl, natsUrl } = readLauncherConfig();
  if (databaseUrl !== undefined || natsUrl !== undefined) {
    const name = databaseUrl !== undefined ? "DATABASE_URL" : "NATS_URL";
    throw new PlainError(
      `${name} is set: that one was not started by npm start, so reset does not touch it; unset ${name} to reset the stack in ${stateDir}.`,
    );
  }
  if (!existsSync(stateDir)) {
    say(`nothing to reset: ${stateDir} does not exist`);
    return;
  }
  refuseWhileRunning(stateDir);
  const dataDir = join(stateDir, "postgres");
  if (existsSync(join(stateDir, "secrets.json")) && !existsSync(dataDir)) {
    throw new PlainError(
      `${stateDir} belongs to a database that npm start did not start, so reset does not touch it; empty that database yourself.`,
    );
  }
  // Also ends what a killed launcher left running on this data.
  const pidFile = await PidFile.claim(stateDir, say);
  try {
    await removeData(dataDir);
    const names = (await readdir(stateDir)).filter((name) => name !== keptName);
    await Promise.all(names.map((name) => rm(join(stateDir, name), { recursive: true, force: true })));
  } finally {
    pidFile.release();
  }
  say(`reset: ${stateDir} is empty but for ${keptName}; npm start begins anew`);
}
