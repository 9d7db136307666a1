// CSV out of a real Postgres: any text, exact numbers, more than a reader takes at once, and connections that live on.
import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { after, before, test } from "node:test";
import { connectOnce, copyCsv, sqlState } from "@waybill/store";
import { startTestDatabase, type TestDatabase } from "@waybill/testing";

let database: TestDatabase;
let client: Awaited<ReturnType<typeof connectOnce>>;
before(async () => {
  database = await startTestDatabase({ migrations: [] });
  client = await connectOnce(database.ownerUrl, "test");
});
after(async () => {
  await client.end();
  await database.stop();
});

async function csv(query: string, pauseMs = 0): Promise<string> {
  const chunks: Buffer[] = [];
  const to = new Writable({
    highWaterMark: 1_024,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      if (pauseMs === 0) done();
      else setTimeout(done, pauseMs);
    },
  });
  await copyCsv(client, query, to);
  await new Promise((resolve) => to.end(resolve));
  return Buffer.concat(chunks).toString();
}

test("a line of names, then the rows; quotes, commas and line ends are kept, NULL is nothing", async () => {
  const query = `SELECT * FROM (VALUES ('a,b', 0.000000000001, NULL::text), ('say "x"', 12345678901234567890.5, E'two\\nlines'))
    AS v ("SkuId", amount, note)`;
  assert.equal(
    await csv(query),
    'SkuId,amount,note\n"a,b",0.000000000001,\n"say ""x""",12345678901234567890.5,"two\nlines"\n',
  );
});

test("a reader that is slow gets every row", async () => {
  const lines = (await csv("SELECT n, repeat('x', 500) AS body FROM generate_series(1, 3000) AS n", 1)).split("\n");
  assert.equal(lines.length, 3_002);
  assert.match(lines[3_000] ?? "", /^3000,x{500}$/);
});

test("what is no query fails with the database's reason, and the connection goes on", async () => {
  await assert.rejects(csv("SELECT nothing"), (error) => sqlState(error) === "42703");
  await assert.rejects(
    csv("SELECT 1 / (n - 5) FROM generate_series(1, 9) AS n"),
    (error) => sqlState(error) === "22012",
  );
  assert.equal(await csv("SELECT 1 AS one"), "one\n1\n");
});
