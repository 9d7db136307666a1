// Runs one of the other benchmarks here as a process of its own and takes a number out of what it prints.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "./machine.ts";

const LIMIT_MS = 120_000;

/** Undefined where the script is missing or fails; `say` hears why. */
export async function numberFrom(
  script: string,
  args: readonly string[],
  pattern: RegExp,
  say: (line: string) => void,
): Promise<number | undefined> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  if (!existsSync(file)) {
    say(`  ${script} is not there`);
    return undefined;
  }
  try {
    const flags = ["--conditions=source", "--import", "tsx", file, ...args];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: ROOT, timeout: LIMIT_MS });
    const found = pattern.exec(stdout)?.[1];
    if (found === undefined) say(`  ${script} printed no such number:\n${stdout}`);
    return found === undefined ? undefined : Number(found);
  } catch (error) {
    say(`  ${script} failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
