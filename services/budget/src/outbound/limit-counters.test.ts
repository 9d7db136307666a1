// Counters of limit nodes on a real Postgres, with the service's own role.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import type { WantedCounters } from "../core/needs.ts";
import type { LimitSpec } from "../core/operation.ts";
import { limitCounters } from "./limit-counters.ts";
import { seedDemo } from "./seed-demo.ts";

let database: TestDatabase;
let pool: Pool;
before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("budget")] });
  await seedDemo(database.ownerUrl);
  pool = openPool({ url: database.urlAs("waybill_budget"), applicationName: "test", connectionsMax: 2 });
});
after(async () => {
  await pool.end();
  await database.stop();
});

const SPEC: LimitSpec = {
  ...{ name: "few/seven support", organisationId: "acme", route: "few", unit: "requests", amount: 7n },
  ...{ windowKind: "fixed", windowSeconds: 60n },
};
const wanted = (id: string, limit: LimitSpec): WantedCounters => ({
  limits: new Map([[id, limit]]),
  templates: new Map(),
});
const stored = async (id: string) => {
  const text = "SELECT limit_pico_usd AS amount, unit, window_seconds, origin FROM budget.budget WHERE id = $1";
  return (await pool.query<Record<string, unknown>>(text, [id])).rows;
};
const countOf = async () => {
  const { rows } = await pool.query<{ count: bigint }>(
    "SELECT count FROM budget.limit_count WHERE organisation_id = 'acme'",
  );
  return Number(rows[0]?.count ?? 0);
};
const revision = async () =>
  (await pool.query<{ revision: bigint }>("SELECT revision FROM budget.revision")).rows[0]?.revision;

test("a counter is made once, takes a new amount, and is no change of the list", async () => {
  const before = await revision();
  const counters = limitCounters(() => 0);
  await counters.make(pool, wanted("limit.a", SPEC), new Map());
  await counters.make(pool, wanted("limit.a", SPEC), new Map());
  await counters.make(pool, wanted("limit.a", { ...SPEC, amount: 9n }), new Map([["limit.a", 7n]]));
  const [row] = await stored("limit.a");
  assert.deepEqual(
    [String(row?.amount), row?.unit, String(row?.window_seconds), row?.origin],
    ["9", "requests", "60", "limit"],
  );
  assert.equal(await countOf(), 1);
  assert.equal(await revision(), before);
});

test("what exists with its amount asks nothing of Postgres; neither does a new one of a full organisation, for a second", async () => {
  let nowMs = 0;
  const nothing = { query: () => assert.fail("it asked") } as unknown as Pool;
  const counters = limitCounters(() => nowMs);
  const [existing, made] = [new Map([["limit.b", SPEC.amount]]), wanted("limit.b", SPEC)];
  assert.deepEqual(await counters.make(nothing, made, existing), []);
  counters.wereFull(made, new Map());
  nowMs = 999;
  assert.deepEqual(await counters.make(nothing, made, new Map()), []);
  nowMs = 1_000;
  assert.deepEqual(await counters.make(pool, made, new Map()), ["limit.b"]);
});

test("counters without a window are forgotten, and the organisation has room again", async () => {
  assert.equal(await countOf(), 2);
  const forget = "SELECT budget.forget_limits(now() + interval '1 minute', 100) AS count";
  const { rows } = await pool.query<{ count: bigint }>(forget);
  assert.equal(Number(rows[0]?.count), 2);
  assert.deepEqual([await stored("limit.a"), await countOf()], [[], 0]);
});
