// deploy/local/bootstrap.mjs as a person with another version of Node meets it.

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const program = fileURLToPath(new URL("../bootstrap.mjs", import.meta.url));

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-bootstrap-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What a person with this version of Node sees. Where tests run everything is installed, and help needs no build. */
async function startWith(version: string) {
  const pretend = join(folder, "pretend.cjs");
  await writeFile(
    pretend,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
  );
  return spawnSync(process.execPath, ["--require", pretend, program, "test", "--help"], {
    encoding: "utf8",
    // An empty state folder, so that going on past the check would be seen.
    env: { PATH: "", WAYBILL_STATE_DIR: folder },
  });
}

test("a Node that is too old is one sentence that says what is needed and where it is", async () => {
  for (const version of ["12.22.12", "18.20.4", "20.18.3"]) {
    const { status, stdout, stderr } = await startWith(version);
    assert.equal(status, 1, version);
    assert.equal(stdout, "");
    assert.equal(stderr.trim(), `test: this is Node ${version}; Waybill needs Node 20.19 or newer (nodejs.org).`);
  }
});

test("a Node that is new enough is not complained about", async () => {
  for (const version of ["20.19.0", "22.0.0"]) {
    const { status, stdout, stderr } = await startWith(version);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /everything CI runs/);
  }
});

test("an old Node can read the program that tells it so", async () => {
  const compile = async (target: string) => {
    const script = `const { readFileSync } = require("node:fs");
      const compilerOptions = { target: "${target}", module: "esnext" };
      const text = readFileSync(process.argv[1], "utf8");
      process.stdout.write(require("typescript").transpileModule(text, { compilerOptions }).outputText);`;
    return (await run(process.execPath, ["-e", script, program], { cwd: root })).stdout;
  };
  const [old, current] = await Promise.all([compile("es2019"), compile("esnext")]);
  assert.match(current, /requireNode/);
  // Node 12 speaks ES2019. What is newer would have been rewritten for it, and the two would differ.
  assert.equal(old, current);
});
