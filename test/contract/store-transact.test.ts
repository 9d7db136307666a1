// One transaction on a real Postgres: all or nothing, and a second try exactly where Postgres says so.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openPool, type Pool, sqlState, transact } from "@waybill/store";
import { startTestDatabase, type TestDatabase } from "@waybill/testing";

let database: TestDatabase;
let pool: Pool;
before(async () => {
  database = await startTestDatabase({ migrations: [] });
  pool = openPool({ url: database.ownerUrl, applicationName: "test", connectionsMax: 4 });
  await pool.query("CREATE TABLE account (id int PRIMARY KEY, amount bigint NOT NULL)");
});
beforeEach(async () => {
  await pool.query("TRUNCATE account; INSERT INTO account VALUES (1, 0), (2, 0)");
});
after(async () => {
  await pool.end();
  await database.stop();
});

const amounts = async (): Promise<bigint[]> => {
  const { rows } = await pool.query<{ amount: bigint }>("SELECT amount FROM account ORDER BY id");
  return rows.map(({ amount }) => amount);
};

test("what commits is there, what throws leaves nothing", async () => {
  await transact(pool, (client) => client.query("UPDATE account SET amount = 5 WHERE id = 1"));
  await assert.rejects(
    transact(pool, async (client) => {
      await client.query("UPDATE account SET amount = 9");
      throw new Error("changed my mind");
    }),
    /changed my mind/,
  );
  assert.deepEqual(await amounts(), [5n, 0n]);
});

test("a deadlock is tried again until both are through", async () => {
  let tries = 0;
  const move = (from: number, to: number): Promise<void> =>
    transact(pool, async (client) => {
      tries += 1;
      await client.query("UPDATE account SET amount = amount - 1 WHERE id = $1", [from]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await client.query("UPDATE account SET amount = amount + 1 WHERE id = $1", [to]);
    });
  await Promise.all([move(1, 2), move(2, 1)]);
  assert.deepEqual(await amounts(), [0n, 0n]);
  assert.ok(tries > 2, "there was a deadlock");
});

test("a serialisation failure is tried again, five times at most", async () => {
  let tries = 0;
  const raise = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
  await assert.rejects(
    transact(pool, async (client) => {
      tries += 1;
      await client.query(raise);
    }),
    (error) => sqlState(error) === "40001",
  );
  assert.equal(tries, 5);
});

test("a unique violation is an answer, and tried again only where that is asked for", async () => {
  for (const retryOnUniqueViolation of [false, true]) {
    let tries = 0;
    const work = transact(
      pool,
      async (client) => {
        tries += 1;
        await client.query("INSERT INTO account VALUES ($1, 0)", [tries === 1 ? 1 : 10 + tries]);
      },
      { retryOnUniqueViolation },
    );
    if (retryOnUniqueViolation) await work;
    else await assert.rejects(work, (error) => sqlState(error) === "23505");
    assert.equal(tries, retryOnUniqueViolation ? 2 : 1);
  }
});

test("a connection that broke inside is not given to the next", async () => {
  await assert.rejects(transact(pool, (client) => client.query("SELECT pg_terminate_backend(pg_backend_pid())")));
  await transact(pool, (client) => client.query("UPDATE account SET amount = 1 WHERE id = 1"));
  assert.deepEqual(await amounts(), [1n, 0n]);
});

test("bigint columns are bigints, never floats", async () => {
  await pool.query("UPDATE account SET amount = 9007199254740993 WHERE id = 1");
  assert.equal((await amounts())[0], 9_007_199_254_740_993n);
});
