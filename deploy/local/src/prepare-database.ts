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

/** The demo's keys by name, `admin` among them; empty when there was an organisation already. */
export async function seedDemo(rootDir: string, asOwner: OwnerEnvironment): Promise<Record<string, string>> {
  const line = await runBudget(rootDir, asOwner, "--seed-demo", "the demo could not be seeded");
  try {
    const { keys } = JSON.parse(line) as { keys: Record<string, string> };
    return keys;
  } catch {
    throw new PlainError(`budget --seed-demo did not say which keys it made; it said: ${line || "nothing"}`);
  }
}

/** An admin key for a demo that was seeded before there were any. */
export async function makeAdminKey(rootDir: string, asOwner: OwnerEnvironment): Promise<string> {
  return runBudget(rootDir, asOwner, "--make-admin-key", "no admin key could be made");
}

/** The last line of what the command says. */
async function runBudget(rootDir: string, asOwner: OwnerEnvironment, flag: string, failure: string): Promise<string> {
  const program = join(rootDir, "services", "budget", "dist", "main.js");
  if (!existsSync(program)) throw new PlainError(`${program} is missing; run: npm run build`);
  const { stdout } = await run(process.execPath, [program, flag], {
    cwd: rootDir,
    env: asOwner,
    timeout: seedLimitMs,
  }).catch((error: unknown) => {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new PlainError(`${failure}: ${output}`);
  });
  return stdout.trim().split("\n").at(-1) ?? "";
}
