// Is the committed code under libs/wire/src/gen what the protos generate today?

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { runTool } from "../run-tool.ts";
import { say } from "../say.ts";

const buf = "node_modules/@bufbuild/buf/bin/buf";
const generatedFolder = "libs/wire/src/gen";

/** False when the protos break a lint rule or any generated file differs; names the files. */
export async function generatedCodeIsFresh(rootDir: string): Promise<boolean> {
  if (!(await runTool(rootDir, buf, ["lint"]))) return false;
  const fresh = await mkdtemp(join(tmpdir(), "waybill-generated-"));
  try {
    if (!(await runTool(rootDir, buf, ["generate", "--output", fresh]))) return false;
    const different = await compareFolders(join(rootDir, generatedFolder), join(fresh, generatedFolder));
    for (const name of different) say(`${join(generatedFolder, name)} is not what proto/ generates`);
    if (different.length > 0) say("run: npm run generate");
    return different.length === 0;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Names of files that are only in one of the folders, or not the same in both. */
export async function compareFolders(left: string, right: string): Promise<readonly string[]> {
  const [inLeft, inRight] = await Promise.all([readTree(left), readTree(right)]);
  const names = [...new Set([...inLeft.keys(), ...inRight.keys()])].sort();
  return names.filter((name) => inLeft.get(name) !== inRight.get(name));
}

async function readTree(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file, "utf8")] as const)),
  );
}
