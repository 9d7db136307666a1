// What README promises of `npm start`, `npm run reset` and `npm run sql`, on a state folder and ports of their own.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";
import { startPostgres } from "@waybill/local";
import { eventually, freePort, makeTestFolder, startTestNats, type TestFolder } from "@waybill/testing";
import { freePortBase, type Launcher, ROOT, recordedPids, runCommand, stillRunning } from "../stack/launcher.ts";

const run = promisify(execFile);
/** The promise for a second start. */
const SECOND_START_LIMIT_MS = 10_000;

let folder: TestFolder;
let settings: Record<string, string>;
let portBase = 0;
const launchers: Launcher[] = [];

function start(env: Record<string, string> = {}): Launcher {
  const launcher = runCommand("start", [], { ...settings, ...env });
  launchers.push(launcher);
  return launcher;
}

/** Everything that a command said, once it has ended. */
async function command(name: string, args: string[] = [], env: Record<string, string> = {}) {
  const launcher = runCommand(name, args, { ...settings, ...env });
  launchers.push(launcher);
  await launcher.ended();
  return { output: launcher.output(), exitCode: launcher.exitCode() };
}

async function ask(dev: Record<string, string | undefined>, model = "dynamic/support"): Promise<Response> {
  return await fetch(`${dev.WAYBILL_URL}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${dev.WAYBILL_API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model, max_tokens: 8, messages: [{ role: "user", content: "Where is my parcel?" }] }),
  });
}

async function requestsOnTheBooks(): Promise<number> {
  const query = "select coalesce(sum(requests), 0)::int as n from finance.cost_by_team_day where team_id = 'support'";
  const { output, exitCode } = await command("sql", ["--json", query]);
  assert.equal(exitCode, 0, output);
  const [row] = JSON.parse(output) as { n: number }[];
  return row?.n ?? 0;
}

before(async () => {
  folder = await makeTestFolder("launcher");
  portBase = await freePortBase();
  const stateDir = join(folder.path, "state");
  settings = { WAYBILL_STATE_DIR: stateDir, WAYBILL_PORT_BASE: String(portBase) };
  // What was fetched once for this repository need not be fetched again.
  mkdirSync(stateDir, { recursive: true });
  const tools = join(ROOT, ".waybill", "tools");
  if (existsSync(tools)) symlinkSync(tools, join(stateDir, "tools"));
});
/** A test that failed half-way must not spoil the next one. */
afterEach(async () => {
  for (const launcher of launchers.splice(0)) {
    launcher.ctrlC();
    await launcher.ended();
  }
});
after(async () => {
  for (const pid of Object.values(recordedPids(settings.WAYBILL_STATE_DIR ?? ""))) endGroup(pid);
  await folder.remove();
});

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

test("an empty state folder becomes a stack whose printed curl line works and whose answer is on the books", async () => {
  const launcher = start();
  await launcher.ready();
  const curl = /^Try\s+(curl .*)$/m.exec(launcher.output())?.[1];
  assert.ok(curl !== undefined, launcher.output());
  const { stdout } = await run("/bin/sh", ["-c", curl]);
  const answer = JSON.parse(stdout) as { choices?: { message: { content: string } }[] };
  assert.match(answer.choices?.[0]?.message.content ?? stdout, /simulated/i);
  await eventually(async () => (await requestsOnTheBooks()) === 1, {
    timeoutMs: 10_000,
    reason: "one request is booked",
  });

  const running = launcher.pids();
  assert.deepEqual(Object.keys(running).sort(), [
    "budget",
    "ingress",
    "ledger",
    "nats",
    "postgres",
    "router",
    "simulator",
    "worker",
  ]);
  assert.match((await command("start")).output, /already running.*process \d+/);
  assert.match((await command("reset")).output, /already running/);
  launcher.ctrlC();
  assert.ok((await launcher.ended()) < 12_000);
  assert.equal(launcher.exitCode(), 0);
  assert.deepEqual(stillRunning(running), []);
  assert.match((await command("sql", ["select 1"])).output, /no stack is running here/);
});

test("a second start is quick, keeps keys and books, and mends what dies", async () => {
  const startedAt = performance.now();
  const launcher = start();
  const dev = await launcher.ready();
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < SECOND_START_LIMIT_MS, `took ${Math.round(tookMs)} ms`);
  assert.equal(await requestsOnTheBooks(), 1);

  for (const name of ["worker", "router", "ingress"]) {
    process.kill(launcher.pids()[name] ?? 0, "SIGKILL");
    await eventually(() => launcher.output().includes(`${name} is ready again`), {
      timeoutMs: 30_000,
      reason: `${name} is started again`,
    });
    assert.match(launcher.output(), new RegExp(`${name} ended by SIGKILL; starting it again`));
  }
  await eventually(async () => (await ask(dev)).status === 200, { timeoutMs: 15_000, reason: "it answers again" });

  launcher.kill9();
  await launcher.ended();
});

test("what a killed launcher left is ended first; a second Ctrl-C ends everything at once", async () => {
  const launcher = start();
  const dev = await launcher.ready();
  assert.match(launcher.output(), /ending what an earlier start left behind: .*ingress \(\d+\)/);
  assert.equal((await ask(dev)).status, 200);
  const running = launcher.pids();
  const stream = ask(dev, "sim/premium").catch(() => undefined);
  launcher.ctrlC();
  await new Promise((resolve) => setTimeout(resolve, 700));
  launcher.ctrlC();
  assert.ok((await launcher.ended()) < 5_000);
  assert.deepEqual(stillRunning(running), []);
  await stream;
});

test("a taken port, a database or NATS that is not there: one sentence with the next step", async () => {
  const holder = createServer().listen(portBase, "127.0.0.1");
  try {
    const { output, exitCode } = await command("start");
    assert.match(
      output,
      new RegExp(`start: port ${portBase}, wanted for the gateway, is taken by .*WAYBILL_PORT_BASE`),
    );
    assert.equal(exitCode, 1);
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
  const nobody = await freePort();
  const database = await command("start", [], { DATABASE_URL: `postgres://me:hidden@127.0.0.1:${nobody}/x` });
  assert.match(database.output, /no database answers at .*unset DATABASE_URL/);
  const nats = await command("start", [], { NATS_URL: `nats://127.0.0.1:${nobody}` });
  assert.match(nats.output, /no NATS answers at .*unset NATS_URL/);
  for (const { output } of [database, nats]) assert.doesNotMatch(output, /hidden|\n\s+at /);
});

test("a given database and NATS are used, seeded once, and never reset", async () => {
  const stateDir = join(folder.path, "guest");
  const [port, nats] = [await freePort(), await startTestNats()];
  const place = { dataDir: join(folder.path, "given"), logFile: join(folder.path, "given.log") };
  const postgres = await startPostgres({ ...place, port, password: "owner", durable: false });
  try {
    const { user, password } = nats.credentials("operator");
    const natsUrl = nats.url.replace("//", `//${user}:${password}@`);
    const given = { WAYBILL_STATE_DIR: stateDir, DATABASE_URL: postgres.url, NATS_URL: natsUrl };
    const launcher = start(given);
    const dev = await launcher.ready();
    assert.equal((await ask(dev)).status, 200);
    assert.deepEqual(
      Object.keys(launcher.pids()).filter((name) => name === "nats" || name === "postgres"),
      [],
    );
    launcher.ctrlC();
    await launcher.ended();
    const refused = await command("reset", [], { WAYBILL_STATE_DIR: stateDir });
    assert.match(refused.output, /belongs to a database that npm start did not start/);
  } finally {
    await postgres.endAtOnce();
    await nats.stop();
  }
});

test("reset refuses what npm start did not start, and empties what it did", async () => {
  const refused = await command("reset", [], { DATABASE_URL: "postgres://me@127.0.0.1/x" });
  assert.match(refused.output, /not started by npm start/);
  assert.equal(refused.exitCode, 1);
  const stateDir = settings.WAYBILL_STATE_DIR ?? "";
  assert.ok(existsSync(join(stateDir, "postgres")));
  assert.equal((await command("reset")).exitCode, 0);
  assert.equal(existsSync(join(stateDir, "postgres")), false);
});
