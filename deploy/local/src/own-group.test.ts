import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startOwnGroup, within } from "./own-group.ts";
import { readProcessIdentity } from "./process-identity.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-own-group-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function run(script: string, name: string) {
  const env = { PATH: "/usr/bin:/bin", ONLY: "this" };
  return startOwnGroup({ command: "/bin/sh", args: ["-c", script], env, logFile: join(folder, `${name}.log`) });
}

test("a child sees only the environment it is given, and its output is in the log", async () => {
  const child = await run("env; echo oops >&2", "env");
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  const log = await readFile(join(folder, "env.log"), "utf8");
  assert.match(log, /ONLY=this/);
  assert.match(log, /oops/);
  assert.doesNotMatch(log, /HOME=/);
});

test("a child that ignores the signal is killed after the limit, its own children with it", async () => {
  const child = await run("trap '' TERM; sleep 60 & echo $!; wait; sleep 60", "stubborn");
  const grandchild = async () => Number((await readFile(join(folder, "stubborn.log"), "utf8")).trim());
  while ((await grandchild()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const exit = await child.stop("SIGTERM", 100);
  assert.equal(exit.signal, "SIGKILL");
  const pid = await grandchild();
  while (readProcessIdentity(pid) !== "") await new Promise((resolve) => setTimeout(resolve, 10));
});

test("a program that does not exist is an error at once", async () => {
  const options = { command: "/no/such/program", args: [], env: {}, logFile: join(folder, "none.log") };
  await assert.rejects(startOwnGroup(options), /ENOENT/);
});

test("waiting within a limit gives the value, or nothing once the limit has passed", async () => {
  assert.equal(await within(Promise.resolve(5), 1_000), 5);
  assert.equal(await within(new Promise(() => {}), 10), undefined);
});
