// On what, with what and on which commit a benchmark ran: a number without these means nothing.

import { execFile } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Before the first load; above about 0.3 somebody else works on the machine too. */
  readonly loadAverageAtStart: number;
  readonly commit: string;
  readonly command: string;
  readonly startedAt: string;
}

export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? "unknown",
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadAverageAtStart: loadavg()[0] ?? 0,
    commit: await describeCommit(),
    command: `npm run bench ${process.argv.slice(2).length > 0 ? `-- ${process.argv.slice(2).join(" ")}` : ""}`.trim(),
    startedAt: new Date().toISOString(),
  };
}

async function describeCommit(): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)("git", args, { cwd: ROOT })).stdout.trim();
  try {
    const changed = (await git("status", "--porcelain", "--untracked-files=no")) !== "";
    return `${await git("rev-parse", "--short=12", "HEAD")}${changed ? " with changes that are not committed" : ""}`;
  } catch {
    return "unknown (no git repository)";
  }
}
