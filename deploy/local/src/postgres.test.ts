// Real PostgreSQL in a folder that only its owner may enter, as a clone in root's home is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectOnce } from "@waybill/store";
import { PlainError } from "./plain-error.ts";
import { type RunningPostgres, startPostgres } from "./postgres.ts";
import { removeData } from "./postgres-user.ts";
import { readProcessIdentity } from "./process-identity.ts";
import { applyRoles, fillVariables, type RolePasswords, RolesRefused, renderRoles, roleNames, urlAs } from "./roles.ts";

const passwords: RolePasswords = {
  waybill_router: "router's \\ password",
  waybill_budget: "b",
  waybill_ledger: "l",
  finance_reader: "f",
};

let folder = "";
let running: RunningPostgres | undefined;
const dataDir = () => join(folder, "closed", "postgres");

async function start(port: number): Promise<RunningPostgres> {
  const logFile = join(folder, "postgres.log");
  running = await startPostgres({ dataDir: dataDir(), port, password: "it's / secret", logFile, durable: false });
  return running;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = await connectOnce(url, "waybill-test");
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return Object.values(result.rows?.[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-postgres-test-"));
  await chmod(folder, 0o700);
});
after(async () => {
  await running?.stop();
  await removeData(dataDir());
  await rm(folder, { recursive: true, force: true });
});

test("data survives a stop and a kill -9", async () => {
  const port = await freePort();
  const first = await start(port);
  await ask(first.url, "CREATE TABLE kept AS SELECT 7 AS n");
  await first.stop();
  const second = await start(port);
  assert.equal(await ask(second.url, "SELECT n FROM kept"), 7);
  await second.kill9();
  const third = await start(port);
  assert.equal(await ask(third.url, "SELECT n FROM kept"), 7);
});

test("it starts again after a kill -9 although a child of the killed server is slow to go", async () => {
  const { pid, kill9 } = await start(await freePort());
  const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").map(Number);
  assert.ok(child);
  process.kill(child, "SIGSTOP");
  await kill9();
  const again = start(await freePort());
  await Promise.race([again, new Promise((resolve) => setTimeout(resolve, 1_500))]);
  assert.equal(await isRefused(), true, "it was refused meanwhile");
  process.kill(child, "SIGCONT");
  assert.equal(await ask((await again).url, "SELECT n FROM kept"), 7);
});

async function isRefused(): Promise<boolean> {
  return (await readFile(join(folder, "postgres.log"), "utf8")).includes("shared memory block");
}

test("a server left by a killed launcher is ended before the next one starts", async () => {
  const left = running;
  assert.ok(left !== undefined);
  const next = await start(await freePort());
  assert.equal(readProcessIdentity(left.pid), "");
  assert.equal(await ask(next.url, "SELECT n FROM kept"), 7);
});

test("another PostgreSQL on the same port never passes for ours", async () => {
  const url = new URL(running?.url ?? "");
  const options = { port: Number(url.port), password: "it's / secret", logFile: join(folder, "other.log") };
  await assert.rejects(startPostgres({ ...options, dataDir: join(folder, "other") }), (error) => {
    assert.ok(error instanceof PlainError);
    assert.match(error.message, /could not create any TCP\/IP sockets/);
    return true;
  });
});

test("roles are made once, get new passwords, also when several launchers do it at once", async () => {
  const url = running?.url ?? "";
  await Promise.all([1, 2, 3].map(() => applyRoles(url, passwords)));
  for (const role of roleNames) assert.equal(await ask(urlAs(url, role, passwords[role]), "SELECT current_user"), role);
  await applyRoles(url, { ...passwords, waybill_budget: "new" });
  assert.equal(await ask(urlAs(url, "waybill_budget", "new"), "SELECT 1"), 1);
  await assert.rejects(ask(urlAs(url, "waybill_budget", "b"), "SELECT 1"), /password/);
  await applyRoles(url, passwords);
});

test("a new role may make neither roles, databases, schemas, tables nor temporary tables", async () => {
  const url = running?.url ?? "";
  for (const role of roleNames) {
    const own = urlAs(url, role, passwords[role]);
    const attempts = [
      "CREATE ROLE x",
      "CREATE DATABASE x",
      "CREATE SCHEMA x",
      "CREATE TABLE public.x ()",
      "CREATE TEMP TABLE x ()",
    ];
    for (const sql of attempts) await assert.rejects(ask(own, sql), /permission denied|read-only/, `${role}: ${sql}`);
  }
});

test("an owner who may not create roles gets the SQL, which holds no plain password, and goes on once it was run", async () => {
  const url = running?.url ?? "";
  await ask(url, "CREATE ROLE plain_owner LOGIN PASSWORD 'p'");
  await ask(url, "CREATE DATABASE given OWNER plain_owner");
  const given = new URL(urlAs(url, "plain_owner", "p"));
  given.pathname = "/given";
  const wanted = { ...passwords, waybill_ledger: "another-one" };
  const refusal = await applyRoles(given.href, wanted).catch((error: unknown) => error);
  assert.ok(refusal instanceof RolesRefused);
  assert.doesNotMatch(refusal.sql, /another-one/);
  await ask(url, refusal.sql);
  await applyRoles(given.href, wanted);
});

test("as root without user namespaces it runs as nobody, with data in an open folder", {
  skip: process.getuid?.() !== 0,
}, async () => {
  const dir = join(folder, "moved", "postgres");
  const options = { dataDir: dir, port: await freePort(), password: "p", logFile: join(folder, "moved.log") };
  const moved = await startPostgres({ ...options, durable: false, namespaces: "never" });
  try {
    assert.match(String(await ask(moved.url, "SHOW data_directory")), /^\/var\/tmp\//);
  } finally {
    await moved.stop();
    await removeData(dir);
  }
});

test("psql variables are filled in quoted, and one without a value stops everything", async () => {
  assert.equal(fillVariables("PASSWORD :'x'", new Map([["x", "it's"]])), "PASSWORD 'it''s'");
  assert.throws(() => fillVariables(":'unknown'", new Map()), /unknown/);
  assert.doesNotMatch(await renderRoles(passwords), /:'/);
});

test("a pid file whose number is somebody else's does not keep the server from starting", async () => {
  await running?.stop();
  const stranger = spawn("sleep", ["30"]);
  try {
    await writeFile(join(dataDir(), "postmaster.pid"), `${stranger.pid}\n${dataDir()}\n`);
    const again = await start(await freePort());
    assert.equal(await ask(again.url, "SELECT n FROM kept"), 7);
    assert.equal(stranger.exitCode, null);
  } finally {
    stranger.kill();
  }
});
