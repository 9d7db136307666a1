// What `npm start` does to the database as its owner, before any service connects: tables, then the demo.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { migrate } from "@waybill/store";
import { PlainError } from "./plain-error.ts";

const run = promisify(execFile);
const seedLimitMs = 120_000;
const owners = ["router", "budget", "ledger"] as const;

/** What a process needs to find its way about, and the owner's address. */
export type OwnerEnvironment = Readonly<Record<string, string>> & { readonly DATABASE_URL: string };

/** What `services/<owner>/dist/main.js --migrate` does, for every owner, without starting a process for each. */
export async function migrateAll(rootDir: string, asOwner: OwnerEnvironment): Promise<void> {
  for (const owner of owners) {
    try {
      await migrate(asOwner.DATABASE_URL, { owner, folder: join(rootDir, "services", owner, "migrations") });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PlainError(`the tables of ${owner} could not be made: ${reason}`);
    }
  }
}

/** The demo's keys by name; empty when there was an organisation already. */
export async function seedDemo(rootDir: string, asOwner: OwnerEnvironment): Promise<Record<string, string>> {
  const program = join(rootDir, "services", "budget", "dist", "main.js");
  if (!existsSync(program)) throw new PlainError(`${program} is missing; run: npm run build`);
  const { stdout } = await run(process.execPath, [program, "--seed-demo"], {
    cwd: rootDir,
    env: asOwner,
    timeout: seedLimitMs,
  }).catch((error: unknown) => {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new PlainError(`the demo could not be seeded: ${output}`);
  });
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    const { keys } = JSON.parse(line) as { keys: Record<string, string> };
    return keys;
  } catch {
    throw new PlainError(`budget --seed-demo did not say which keys it made; it said: ${line || "nothing"}`);
  }
}
