// The services' one-shot commands that `npm start` runs as the owner of the database: tables first, then the demo.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { PlainError } from "./plain-error.ts";

const run = promisify(execFile);
const limitMs = 120_000;
const owners = ["router", "budget", "ledger"] as const;

/** Applies every owner's migrations. They take turns under an advisory lock of their own. */
export async function migrateAll(rootDir: string, env: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(owners.map((owner) => runService(rootDir, owner, "--migrate", env)));
}

/** The demo's keys by name; empty when there was an organisation already. */
export async function seedDemo(
  rootDir: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const output = await runService(rootDir, "budget", "--seed-demo", env);
  const line = output.trim().split("\n").at(-1) ?? "";
  const { keys } = JSON.parse(line) as { keys: Record<string, string> };
  return keys;
}

async function runService(
  rootDir: string,
  service: string,
  flag: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const program = join(rootDir, "services", service, "dist", "main.js");
  if (!existsSync(program)) throw new PlainError(`${program} is missing; run: npm run build`);
  try {
    const { stdout } = await run(process.execPath, [program, flag], { cwd: rootDir, env, timeout: limitMs });
    return stdout;
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new PlainError(`${service} ${flag} failed:\n${output}`);
  }
}
