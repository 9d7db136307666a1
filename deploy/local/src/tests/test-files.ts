// Finds test files and runs them with Node's own runner, from the sources.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { runNode } from "../run-tool.ts";
import { say } from "../say.ts";

const skippedFolders = new Set(["node_modules", "dist", "gen"]);

export interface TestRun {
  readonly rootDir: string;
  /** Searched with everything below. */
  readonly folders: readonly string[];
  /** Only files whose path contains one of these; none: all. */
  readonly filters: readonly string[];
  /** Files that run at the same time, each in a process of its own but for those of pure code. */
  readonly concurrency: number;
  /** A file that takes longer has failed. */
  readonly fileLimitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Tests of pure code need no process of their own, and starting one takes longer than they do: those of one package share one. */
const pureCode = [
  /^((?:services|libs)\/[^/]+)\/src\/core\//,
  /^(libs\/(?:catalog|domain|filters|routes|surfaces|wire))\/src\//,
  /^(services\/worker)\/src\/(?:providers|wires)\//,
];
/** Hooks of a file are meant for its own tests, and a mock of the clock for nobody else's. */
const ownProcess = /import \{[^}]*\b(?:before|after|beforeEach|afterEach|mock)\b[^}]*\} from "node:test"/;

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
  const folder = await mkdtemp(join(tmpdir(), "waybill-together-"));
  try {
    return await runNode(run.rootDir, [...flags, ...(await together(run.rootDir, files, folder))], run.env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same tests in fewer files: one in `folder` for each package with pure code, and the rest as they are. */
export async function together(rootDir: string, files: readonly string[], folder: string): Promise<readonly string[]> {
  const shared = new Map<string, string[]>();
  const alone: string[] = [];
  for (const file of files) {
    const packageDir = pureCode.map((place) => place.exec(file)?.[1]).find((found) => found !== undefined);
    if (packageDir === undefined || ownProcess.test(await readFile(join(rootDir, file), "utf8"))) alone.push(file);
    else shared.set(packageDir, [...(shared.get(packageDir) ?? []), file]);
  }
  const gathered = await Promise.all(
    [...shared].map(async ([packageDir, pure]) => {
      const path = join(folder, `${packageDir.replaceAll("/", "-")}-pure.test.mjs`);
      await writeFile(path, pure.map((file) => `import "${pathToFileURL(join(rootDir, file))}";\n`).join(""));
      return path;
    }),
  );
  return [...gathered, ...alone];
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
