import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compareFolders } from "./generated-code.ts";
import { findTestFiles, runTestFiles } from "./test-files.ts";

let rootDir = "";
before(async () => {
  rootDir = await mkdtemp(join(tmpdir(), "waybill-test-files-"));
  for (const folder of ["a/src", "a/node_modules/x", "a/dist"]) await mkdir(join(rootDir, folder), { recursive: true });
  for (const file of [
    "a/src/z.test.ts",
    "a/src/b.test.ts",
    "a/src/b.ts",
    "a/node_modules/x/n.test.ts",
    "a/dist/d.test.ts",
  ]) {
    await writeFile(join(rootDir, file), "");
  }
});
after(() => rm(rootDir, { recursive: true, force: true }));

test("test files are found in order, never in what was installed or built", async () => {
  assert.deepEqual(await findTestFiles(rootDir, ["a", "missing"]), ["a/src/b.test.ts", "a/src/z.test.ts"]);
});

test("a filter that matches nothing, or a folder without tests, is a failure, not a success without tests", async () => {
  const run = { rootDir, folders: ["a"], concurrency: 1, fileLimitMs: 1_000 };
  assert.equal(await runTestFiles({ ...run, filters: ["nothing-like-this"] }), false);
  assert.equal(await runTestFiles({ ...run, folders: ["missing"], filters: [] }), false);
});

test("generated code that differs, is missing or is too much is named", async () => {
  const [left, right] = [join(rootDir, "left"), join(rootDir, "right")];
  await Promise.all([left, right].map((folder) => mkdir(folder)));
  await Promise.all([
    writeFile(join(left, "same.ts"), "1"),
    writeFile(join(right, "same.ts"), "1"),
    writeFile(join(left, "changed.ts"), "1"),
    writeFile(join(right, "changed.ts"), "2"),
    writeFile(join(left, "only-left.ts"), ""),
    writeFile(join(right, "only-right.ts"), ""),
  ]);
  assert.deepEqual(await compareFolders(left, right), ["changed.ts", "only-left.ts", "only-right.ts"]);
});
