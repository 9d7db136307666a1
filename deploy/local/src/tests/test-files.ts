// Finds test files and runs them with Node's own runner, from the sources.

import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { runNode } from "../run-tool.ts";
import { say } from "../say.ts";

const skippedFolders = new Set(["node_modules", "dist", "gen"]);

export interface TestRun {
  readonly rootDir: string;
  /** Searched with everything below. */
  readonly folders: readonly string[];
  /** Only files whose path contains one of these; none: all. */
  readonly filters: readonly string[];
  /** Files that run at the same time, each in a process of its own. */
  readonly concurrency: number;
  /** A file that takes longer has failed. */
  readonly fileLimitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** True when there are tests and every one passed. */
export async function runTestFiles(run: TestRun): Promise<boolean> {
  const files = (await findTestFiles(run.rootDir, run.folders)).filter(
    (file) => run.filters.length === 0 || run.filters.some((part) => file.includes(part)),
  );
  if (files.length === 0) {
    const wanted = run.filters.length === 0 ? "" : ` matches ${run.filters.join(", ")}`;
    say(`no test file in ${run.folders.join(", ")}${wanted}`);
    return false;
  }
  const flags = [
    "--conditions=source",
    "--import",
    "tsx",
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${run.concurrency}`,
    `--test-timeout=${run.fileLimitMs}`,
  ];
  return await runNode(run.rootDir, [...flags, ...files], run.env);
}

/** Paths relative to the repository, sorted, so that every run has the same order. */
export async function findTestFiles(rootDir: string, folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(folders.map((folder) => findBelow(join(rootDir, folder))));
  return found
    .flat()
    .map((file) => relative(rootDir, file))
    .sort();
}

async function findBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : await findBelow(path);
      return entry.isFile() && entry.name.endsWith(".test.ts") ? [path] : [];
    }),
  );
  return found.flat();
}
