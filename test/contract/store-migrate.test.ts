// Forward migrations on a real Postgres: once each, in order, never changed afterwards, two launchers at once.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { migrate, openPool, type Pool, readMigrations, schemaProblem } from "@waybill/store";
import { startTestDatabase, type TestDatabase } from "@waybill/testing";

let database: TestDatabase;
let pool: Pool;
let folder: string;
before(async () => {
  database = await startTestDatabase({ migrations: [] });
  pool = openPool({ url: database.ownerUrl, applicationName: "test", connectionsMax: 2 });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-migrate-"));
  await pool.query("DROP SCHEMA IF EXISTS waybill_meta CASCADE; DROP SCHEMA IF EXISTS sample CASCADE");
});
after(async () => {
  await pool.end();
  await database.stop();
});

const write = (name: string, sql: string): Promise<void> => writeFile(join(folder, name), sql);
const set = () => ({ owner: "sample", folder });
const cleanUp = (): Promise<void> => rm(folder, { recursive: true, force: true });

test("each file is applied once, in order", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample");
  await write("0002_table.sql", "CREATE TABLE sample.note (body text)");
  assert.deepEqual(await migrate(database.ownerUrl, set()), ["0001_schema.sql", "0002_table.sql"]);
  assert.deepEqual(await migrate(database.ownerUrl, set()), []);
  await write("0003_column.sql", "ALTER TABLE sample.note ADD at timestamptz");
  assert.deepEqual(await migrate(database.ownerUrl, set()), ["0003_column.sql"]);
  await cleanUp();
});

test("a file that was applied and has changed since is refused", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample");
  await migrate(database.ownerUrl, set());
  await write("0001_schema.sql", "CREATE SCHEMA sample; -- better");
  await assert.rejects(migrate(database.ownerUrl, set()), /0001_schema.sql was changed after it had been applied/);
  await cleanUp();
});

test("two at once take turns, and each file is applied once", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample; SELECT pg_sleep(0.1)");
  await write("0002_table.sql", "CREATE TABLE sample.note (body text)");
  const applied = await Promise.all([migrate(database.ownerUrl, set()), migrate(database.ownerUrl, set())]);
  assert.deepEqual(applied.flat().sort(), ["0001_schema.sql", "0002_table.sql"]);
  await cleanUp();
});

test("a file that fails leaves nothing of itself, keeps those before it, and is named", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample");
  await write("0002_broken.sql", "CREATE TABLE sample.note (body text); SELECT nonsense");
  await assert.rejects(migrate(database.ownerUrl, set()), /sample\/0002_broken.sql failed: .*nonsense/);
  const { rows } = await pool.query("SELECT to_regclass('sample.note') AS note, to_regnamespace('sample') AS schema");
  assert.deepEqual(rows, [{ note: null, schema: "sample" }]);
  await cleanUp();
});

test("a number that is missing or doubled is refused before anything is applied", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample");
  await write("0003_late.sql", "SELECT 1");
  await assert.rejects(readMigrations(folder), /0003_late.sql: expected number 2/);
  await rm(join(folder, "0003_late.sql"));
  await write("0001_also.sql", "SELECT 1");
  await assert.rejects(readMigrations(folder), /expected number 2/);
  await cleanUp();
});

test("a service knows whether the schema is as new as itself, and says what to do", async () => {
  await write("0001_schema.sql", "CREATE SCHEMA sample");
  assert.match((await schemaProblem(pool, set())) ?? "", /the schema is missing: .*--migrate/);
  await migrate(database.ownerUrl, set());
  assert.equal(await schemaProblem(pool, set()), undefined);
  await write("0002_more.sql", "SELECT 1");
  assert.match((await schemaProblem(pool, set())) ?? "", /at version 1 and must be at 2/);
  const nowhere = openPool({ url: "postgres://x@127.0.0.1:1/x", applicationName: "test", connectionsMax: 1 });
  assert.match((await schemaProblem(nowhere, set())) ?? "", /cannot be reached/);
  await nowhere.end();
  await cleanUp();
});
