import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { startOwnGroup } from "./own-group.ts";
import { PidFile, refuseWhileRunning } from "./pid-file.ts";
import { PlainError } from "./plain-error.ts";
import { readProcessIdentity } from "./process-identity.ts";

let stateDir = "";
const lines: string[] = [];
const say = (line: string) => void lines.push(line);
beforeEach(async () => {
  lines.length = 0;
  stateDir = await mkdtemp(join(tmpdir(), "waybill-pid-file-"));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

function sleeper() {
  return startOwnGroup({ command: "/bin/sleep", args: ["60"], env: {}, logFile: join(stateDir, "sleep.log") });
}

/** As a launcher that was killed would leave it. */
function forgeRecord(launcher: object, processes: object): void {
  writeFileSync(join(stateDir, "launcher.json"), JSON.stringify({ launcher, processes }));
}

test("a second launcher on the same state is refused and told which process runs", async () => {
  const first = await PidFile.claim(stateDir, say);
  await assert.rejects(PidFile.claim(stateDir, say), (error) => {
    assert.ok(error instanceof PlainError);
    assert.match(error.message, new RegExp(`already running.*${process.pid}`));
    return true;
  });
  assert.throws(() => refuseWhileRunning(stateDir), PlainError);
  first.release();
  refuseWhileRunning(stateDir);
  (await PidFile.claim(stateDir, say)).release();
});

test("what a killed launcher left is ended before the next one goes on", async () => {
  const left = await sleeper();
  const identity = readProcessIdentity(left.pid);
  forgeRecord({ pid: 999_999_999, identity: "gone" }, { worker: { pid: left.pid, identity } });
  const claimed = await PidFile.claim(stateDir, say);
  assert.equal((await left.exited).signal, "SIGTERM");
  assert.match(lines.join(), /left behind: worker/);
  claimed.release();
});

test("a process that only has the number of one of ours is left alone", async () => {
  const stranger = await sleeper();
  forgeRecord(
    { pid: process.pid, identity: "an earlier boot:1" },
    { worker: { pid: stranger.pid, identity: "an earlier boot:2" } },
  );
  const claimed = await PidFile.claim(stateDir, say);
  assert.equal(stranger.exit(), undefined);
  assert.deepEqual(lines, []);
  claimed.release();
  await stranger.stop("SIGKILL", 0);
});

test("a broken record does not stand in the way", async () => {
  writeFileSync(join(stateDir, "launcher.json"), "{ half");
  (await PidFile.claim(stateDir, say)).release();
  assert.equal(existsSync(join(stateDir, "launcher.json")), false);
});

test("processes are written down as soon as they run and crossed out when they end", async () => {
  const claimed = await PidFile.claim(stateDir, say);
  const child = await sleeper();
  const read = () => JSON.parse(readFileSync(join(stateDir, "launcher.json"), "utf8")) as { processes: object };
  claimed.set("worker", child.pid);
  assert.deepEqual(read().processes, { worker: { pid: child.pid, identity: readProcessIdentity(child.pid) } });
  claimed.set("worker", undefined);
  assert.deepEqual(read().processes, {});
  claimed.release();
  await child.stop("SIGKILL", 0);
});
