// Each test file has a migrated database of its own, with the real roles, and clones cost milliseconds.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connectOnce, sqlState } from "@waybill/store";
import { startTestDatabase } from "./test-database.ts";

const folder = await mkdtemp(join(tmpdir(), "waybill-migrations-"));
after(() => rm(folder, { recursive: true, force: true }));
await writeFile(
  join(folder, "0001_notes.sql"),
  `CREATE SCHEMA sample; CREATE TABLE sample.note (body text);
   GRANT USAGE ON SCHEMA sample TO waybill_ledger; GRANT INSERT, SELECT ON sample.note TO waybill_ledger;`,
);
const migrations = [{ owner: "sample", folder }];

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = await connectOnce(url, "waybill-test");
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("two databases of the same migrations do not see each other", async () => {
  await using one = await startTestDatabase({ migrations });
  const startedAtMs = performance.now();
  await using two = await startTestDatabase({ migrations });
  console.log(`a further database took ${Math.round(performance.now() - startedAtMs)} ms`);
  await rows(one.urlAs("waybill_ledger"), "INSERT INTO sample.note VALUES ('one')");
  assert.equal((await rows(one.ownerUrl, "SELECT * FROM sample.note")).length, 1);
  assert.equal((await rows(two.ownerUrl, "SELECT * FROM sample.note")).length, 0);
});

test("a role may do what its migrations grant and nothing else", async () => {
  await using database = await startTestDatabase({ migrations });
  await assert.rejects(rows(database.urlAs("waybill_budget"), "SELECT * FROM sample.note"), (error) => {
    return sqlState(error) === "42501";
  });
});

test("a migration that fails leaves no template to clone", async () => {
  const broken = await mkdtemp(join(tmpdir(), "waybill-migrations-"));
  try {
    await writeFile(join(broken, "0001_broken.sql"), "CREATE TABLE nowhere.at_all ();");
    for (let tries = 0; tries < 2; tries++) {
      await assert.rejects(startTestDatabase({ migrations: [{ owner: "broken", folder: broken }] }), /0001_broken/);
    }
  } finally {
    await rm(broken, { recursive: true, force: true });
  }
});

test("a stopped database is gone, sessions and all", async () => {
  const database = await startTestDatabase({ migrations });
  const client = await connectOnce(database.ownerUrl, "waybill-test");
  client.on("error", () => undefined);
  await database.stop();
  await assert.rejects(rows(database.ownerUrl, "SELECT 1"), (error) => sqlState(error) === "3D000");
  await client.end().catch(() => undefined);
});
