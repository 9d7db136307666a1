// What README promises of `npm start`, `npm run reset` and `npm run sql`, on a state folder and ports of their own.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";
import { startPostgres } from "@waybill/local";
import { eventually, freePort, makeTestFolder, startTestNats, type TestFolder } from "@waybill/testing";
import { readStream, type StreamEnd } from "../stack/ask.ts";
import { freePortBase, type Launcher, ROOT, recordedPids, runCommand, stillRunning } from "../stack/launcher.ts";

const run = promisify(execFile);
/** The promise for a second start. */
const SECOND_START_LIMIT_MS = 10_000;
/** Half the usual pace: an answer of sim/premium takes a few seconds. */
const SLOW = { WAYBILL_SIMULATOR_SPEED_PERCENT: "50" };
const FAST = { WAYBILL_SIMULATOR_SPEED_PERCENT: "1000" };

let folder: TestFolder;
let settings: Record<string, string>;
let portBase = 0;
const launchers: Launcher[] = [];
type Variables = Record<string, string | undefined>;
/** What a shell has that has loaded the dev.env of the first start. */
let devEnv: Record<string, string> = {};

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

async function chat(dev: Variables, fields: object, key = dev.WAYBILL_API_KEY): Promise<Response> {
  return await fetch(`${dev.WAYBILL_URL}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "Where is my parcel?" }], ...fields }),
  });
}

async function ask(dev: Variables): Promise<Response> {
  return await chat(dev, { model: "dynamic/support", max_tokens: 8 });
}

/** A stream of sim/premium; resolves when its text has begun. */
async function beginStream(dev: Variables): Promise<{ end: Promise<StreamEnd> }> {
  let hasBegun = false;
  const response = await chat(dev, { model: "sim/premium", stream: true });
  const end = readStream(response, (text) => {
    hasBegun ||= text !== "";
  });
  await eventually(() => hasBegun, { reason: "the stream has begun" });
  return { end };
}

function assertWhole({ done, errorCode, finishReason, text }: StreamEnd): void {
  assert.deepEqual({ done, errorCode, finishReason }, { done: true, errorCode: undefined, finishReason: "stop" }, text);
}

/** Watches until the launcher has ended: a store that was gone while a service still ran. */
async function storesGoneTooEarly(launcher: Launcher, running: Record<string, number>): Promise<string[]> {
  const { nats = 0, postgres = 0, ...services } = running;
  let hasEnded = false;
  const ended = launcher.ended().then(() => {
    hasEnded = true;
  });
  const tooEarly: string[] = [];
  while (!hasEnded) {
    // The stores are looked at first: what has ended after them is then seen running.
    const stores = stillRunning({ nats, postgres });
    const left = stores.length < 2 ? stillRunning(services) : [];
    if (left.length > 0) tooEarly.push(`only ${stores.join(", ") || "no store"} ran for ${left.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await ended;
  return tooEarly;
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
  const launcher = start(SLOW);
  const dev = await launcher.ready();
  devEnv = Object.fromEntries(Object.entries(dev).map(([name, value]) => [name, value ?? ""]));
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
    "console",
    "ingress",
    "ledger",
    "nats",
    "postgres",
    "router",
    "simulator",
    "worker",
  ]);
  const routes = await fetch(`${dev.WAYBILL_ADMIN_URL}/api/v1/routes`, {
    headers: { authorization: `Bearer ${dev.WAYBILL_ADMIN_KEY}` },
  });
  assert.match(await routes.text(), /"name":"support"/);
  assert.match((await command("start")).output, /already running.*process \d+/);
  assert.match((await command("reset")).output, /already running/);

  // Ctrl-C in the middle of a stream: it ends whole, and what it cost is on the books (the next test looks).
  const { end } = await beginStream(dev);
  const askedAt = performance.now();
  launcher.ctrlC();
  const tooEarly = storesGoneTooEarly(launcher, running);
  assertWhole(await end);
  assert.ok(performance.now() - askedAt > 500, "the stream went on after Ctrl-C");
  assert.deepEqual(await tooEarly, [], "NATS and PostgreSQL end after the services");
  assert.ok(performance.now() - askedAt < 12_000);
  assert.equal(launcher.exitCode(), 0);
  assert.deepEqual(stillRunning(running), []);
  assert.match((await command("sql", ["select 1"])).output, /no stack is running here/);
});

test("a second start, in a shell with dev.env loaded, is quick, keeps keys and books, and mends what dies", async () => {
  assert.ok(devEnv.DATABASE_URL !== undefined && devEnv.NATS_URL !== undefined);
  const startedAt = performance.now();
  const launcher = start({ ...devEnv, ...FAST });
  const dev = await launcher.ready();
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < SECOND_START_LIMIT_MS, `took ${Math.round(tookMs)} ms`);
  assert.equal(await requestsOnTheBooks(), 2);
  assert.ok(["nats", "postgres"].every((store) => launcher.pids()[store] !== undefined));

  for (const name of ["worker", "router", "ingress"]) {
    process.kill(launcher.pids()[name] ?? 0, "SIGKILL");
    await eventually(() => launcher.output().includes(`${name} is ready again`), {
      timeoutMs: 30_000,
      reason: `${name} is started again`,
    });
    assert.match(launcher.output(), new RegExp(`${name} ended by SIGKILL; starting it again`));
  }
  await eventually(async () => (await ask(dev)).status === 200, { timeoutMs: 15_000, reason: "it answers again" });

  await useUpResearch(dev);
  launcher.kill9();
  await launcher.ended();
});

/** What the welcome says: $0.02 a month are soon used up with sim/premium. */
async function useUpResearch(dev: Variables): Promise<void> {
  const key = dev.WAYBILL_API_KEY_RESEARCH;
  assert.ok(key !== undefined);
  const dear = { model: "sim/premium", messages: [{ role: "user", content: "Explain double entry." }] };
  let served = 0;
  let refused = await chat(dev, dear, key);
  while (refused.status === 200 && served < 40) {
    served += 1;
    await refused.text();
    refused = await chat(dev, dear, key);
  }
  const answer = (await refused.json()) as { error?: { message: string } };
  assert.equal(refused.status, 402, JSON.stringify(answer));
  assert.ok(served >= 8 && served <= 30, `${served} requests were served`);
  const message = answer.error?.message ?? "";
  assert.match(message, /^The budget "Research[^"]*" is used up: \$0\.\d+ of \$0\.02 is left and this request needs/);
  assert.match(message, /It resets at \d{4}-\d{2}-01T00:00:00/);
}

test("what a killed launcher left is ended first; one more worker is one line; a second Ctrl-C ends all at once", async () => {
  const launcher = start(SLOW);
  const dev = await launcher.ready();
  assert.match(launcher.output(), /ending what an earlier start left behind: .*ingress \(\d+\)/);
  assert.equal((await ask(dev)).status, 200);
  await oneMoreWorker(dev, launcher.output());

  const running = launcher.pids();
  const { end } = await beginStream(dev);
  launcher.ctrlC();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.ok(stillRunning(running).includes("ingress"), "it waits for the stream");
  launcher.ctrlC();
  assert.ok((await launcher.ended()) < 5_000);
  assert.deepEqual(stillRunning(running), []);
  assert.equal((await end).done, false);
});

/** The line that the welcome prints: ready on a port of its own, takes claims, and finishes them at its first Ctrl-C. */
async function oneMoreWorker(dev: Variables, welcome: string): Promise<void> {
  const [, file, program] = /^\s+node --env-file=(\S+) (\S+)$/m.exec(welcome) ?? [];
  assert.ok(file !== undefined && program !== undefined, welcome);
  const child = spawn(process.execPath, [`--env-file=${file}`, program], {
    cwd: ROOT,
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let log = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await eventually(() => /"health_port":\d+/.test(log), { reason: "the worker says where it listens" });
    const page = `http://127.0.0.1:${/"health_port":(\d+)/.exec(log)?.[1]}`;
    await eventually(async () => (await fetch(`${page}/readyz`)).status === 200, { reason: "the worker is ready" });

    const carried = async (): Promise<number> => {
      const metrics = await (await fetch(`${page}/metrics`)).text();
      return Number(/^waybill_worker_in_flight_calls(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? 0);
    };
    const streams: { end: Promise<StreamEnd> }[] = [];
    await eventually(
      async () => {
        streams.push(...(await Promise.all([beginStream(dev), beginStream(dev)])));
        return (await carried()) > 0;
      },
      { timeoutMs: 15_000, reason: "the worker carries a call" },
    );
    child.kill("SIGINT");
    assert.equal(await ended, 0, log);
    for (const { end } of streams) assertWhole(await end);
    assert.equal((await ask(dev)).status, 200);
  } finally {
    child.kill("SIGKILL");
  }
}

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
  const unreadable = await command("start", [], { DATABASE_URL: "postgres://me:hidden@host:port/x" });
  assert.match(unreadable.output, /DATABASE_URL must look like .*unset it/);
  for (const { output } of [database, nats, unreadable]) assert.doesNotMatch(output, /hidden|\n\s+at /);
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
  const emptied = await command("reset", [], devEnv);
  assert.equal(emptied.exitCode, 0, emptied.output);
  assert.equal(existsSync(join(stateDir, "postgres")), false);
});
