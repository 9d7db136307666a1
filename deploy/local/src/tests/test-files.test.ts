import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compareFolders } from "./generated-code.ts";
import { findTestFiles, runTestFiles, together } from "./test-files.ts";

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

test("tests of pure code share a process, by package, unless they have hooks or a clock of their own", async () => {
  const pure = ["services/s/src/core/a.test.ts", "services/s/src/core/b.test.ts", "libs/l/src/core/c.test.ts"];
  const [hooked, thin] = ["services/s/src/core/hooked.test.ts", "services/s/src/thin.test.ts"];
  for (const file of [...pure, hooked, thin]) {
    await mkdir(join(rootDir, file, ".."), { recursive: true });
    await writeFile(join(rootDir, file), 'import { test } from "node:test";\n');
  }
  await writeFile(join(rootDir, hooked), 'import { beforeEach, test } from "node:test";\n');
  const [services = "", libs = "", ...alone] = await together(rootDir, [...pure, hooked, thin], rootDir);
  assert.deepEqual(alone, [hooked, thin]);
  assert.equal((await readFile(services, "utf8")).split("import").length - 1, 2);
  assert.match(await readFile(libs, "utf8"), /^import "file:.*\/libs\/l\/src\/core\/c\.test\.ts";\n$/);
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
