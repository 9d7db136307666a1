// COPY through our pool, on a real Postgres: exact values, all or nothing, and connections that live on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { copyIn, copyLine, openPool, type Pool, sqlState, transact } from "@waybill/store";
import { startTestDatabase, type TestDatabase } from "@waybill/testing";
import fc from "fast-check";

let database: TestDatabase;
let pool: Pool;
before(async () => {
  database = await startTestDatabase({ migrations: [] });
  pool = openPool({ url: database.ownerUrl, applicationName: "test", connectionsMax: 2 });
  await pool.query("CREATE TABLE sample (id int PRIMARY KEY, body text, amount numeric, flag boolean)");
});
after(async () => {
  await pool.end();
  await database.stop();
});

test("any text comes back as it was", async () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom("\\", "\n", "\r", "\t", "N", ".", "\\N", "😀"), fc.string()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
      const bodies = texts.map((body) => body.replaceAll("\0", ""));
      await transact(pool, async (client) => {
        await client.query("TRUNCATE sample");
        const lines = bodies.map((body, id) => copyLine([id, body, undefined, undefined]));
        await copyIn(client, "sample (id, body, amount, flag)", lines);
      });
      const { rows } = await pool.query<{ body: string }>("SELECT body FROM sample ORDER BY id");
      assert.deepEqual(
        rows.map(({ body }) => body),
        bodies,
      );
    }),
    { numRuns: 30 },
  );
});

test("undefined is NULL, numbers and bigints are exact, booleans are booleans", async () => {
  await transact(pool, async (client) => {
    await client.query("TRUNCATE sample");
    await copyIn(client, "sample (id, body, amount, flag)", [
      copyLine([1, undefined, 2n ** 80n, true]),
      copyLine([2, "", undefined, false]),
    ]);
  });
  const { rows } = await pool.query("SELECT * FROM sample ORDER BY id");
  assert.deepEqual(rows, [
    { id: 1, body: null, amount: String(2n ** 80n), flag: true },
    { id: 2, body: "", amount: null, flag: false },
  ]);
});

test("a refused row refuses all of them, and the connection goes on", async () => {
  await pool.query("TRUNCATE sample");
  const lines = [copyLine([1, "a", undefined, true]), copyLine([1, "again", undefined, true])];
  await assert.rejects(
    transact(pool, (client) => copyIn(client, "sample (id, body, amount, flag)", lines)),
    (error) => sqlState(error) === "23505",
  );
  await assert.rejects(
    transact(pool, (client) => copyIn(client, "sample (id)", ["not a number"])),
    (error) => sqlState(error) === "22P02",
  );
  assert.equal((await pool.query("SELECT * FROM sample")).rowCount, 0);
});

test("no rows, no statement", async () => {
  await transact(pool, (client) => copyIn(client, "there_is_no_such_table", []));
});

test("a connection that breaks under a copy rejects it", async () => {
  await assert.rejects(
    transact(pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await copyIn(client, "sample (id)", ["1"]);
    }),
  );
  assert.equal((await pool.query("SELECT 1 AS one")).rowCount, 1);
});
