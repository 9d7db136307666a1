import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseEnv } from "node:util";
import { renderEnvFile, writePrivateFile } from "./private-file.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-private-file-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const values = {
  EMPTY: "",
  URL: "postgres://a:b%20c@127.0.0.1:1/x?sslmode=prefer&y=z",
  HASH: "before # after",
  DOLLAR: '$HOME `id` "quoted" \\',
  TOKENS: "a=1,b=2",
};

test("Node and a shell read back exactly what was written", async () => {
  const file = join(folder, "some.env");
  await writePrivateFile(file, renderEnvFile("for a test", values));
  assert.deepEqual({ ...parseEnv(await readFile(file, "utf8")) }, values);
  for (const [name, value] of Object.entries(values)) {
    const read = execFileSync("/bin/sh", ["-c", `. "$0"; printf %s "$${name}"`, file], { encoding: "utf8" });
    assert.equal(read, value);
  }
});

test("only the owner may read the file, also when it replaces an open one", async () => {
  const file = join(folder, "mode.env");
  await writePrivateFile(file, "a");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("a value that no quotes can hold is refused by name, not written wrong", () => {
  assert.throws(() => renderEnvFile("", { KEY: "a'b" }), /KEY/);
  assert.throws(() => renderEnvFile("", { KEY: "a\nb" }), /KEY/);
});
