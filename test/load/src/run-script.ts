// Runs another benchmark of the repository as a process of its own and takes its numbers out of what it prints.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./machine.ts";

const LIMIT_MS = 120_000;

/** The first group of every match, in order; empty where the script is missing or fails, and `say` hears why. */
export async function numbersFrom(
  script: string,
  args: readonly string[],
  pattern: RegExp,
  say: (line: string) => void,
): Promise<number[]> {
  const file = join(ROOT, script);
  if (!existsSync(file)) {
    say(`  ${script} is not there`);
    return [];
  }
  try {
    const flags = ["--conditions=source", "--import", "tsx", file, ...args];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: ROOT, timeout: LIMIT_MS });
    const found = [...stdout.matchAll(pattern)].map((match) => Number(match[1]));
    if (found.length === 0) say(`  ${script} printed no such number:\n${stdout}`);
    return found;
  } catch (error) {
    say(`  ${script} failed: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
