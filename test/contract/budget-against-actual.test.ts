// Budgets beside the books, in one database with the schemas of both: what finance_reader sees of every kind of window and scope.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectOnce } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let finance: Awaited<ReturnType<typeof connectOnce>>;

const ID = (kind: number, index: number): string => `00000000-0000-0000-000${kind}-${String(index).padStart(12, "0")}`;
const KEYS = [
  { team_id: "support", user_id: "ada", key_id: "k1", environment: "production" },
  { team_id: "support", user_id: "bob", key_id: "k2", environment: null },
  { team_id: "research", user_id: "eve", key_id: "k3", environment: null },
];
const WAYS = [
  { route: "chat", provider: "openai", model: "small", simulated: false },
  { route: null, provider: "sim", model: "big", simulated: true },
];

before(async () => {
  database = await startTestDatabase({ migrations: ["router", "budget", "ledger"].map(migrationsOf) });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  finance = await connectOnce(database.urlAs("finance_reader"), "test-finance");
  await owner.query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme'), ('globex', 'Globex')");
  await owner.query(
    `INSERT INTO ledger.attribution SELECT * FROM jsonb_populate_recordset(NULL::ledger.attribution, $1)`,
    [JSON.stringify(KEYS.map((key, index) => ({ id: ID(1, index), organisation_id: "acme", ...key })))],
  );
  await owner.query(`INSERT INTO ledger.routing SELECT * FROM jsonb_populate_recordset(NULL::ledger.routing, $1)`, [
    JSON.stringify(WAYS.map((way, index) => ({ id: ID(2, index), ...way }))),
  ]);
  const month = "date_trunc('month', now() AT TIME ZONE 'UTC')::date";
  await owner.query(`SELECT ledger.open_months(ARRAY[${month}])`);
  // A dollar for each key by each way in the first hour of the month, and 10 cents in the second.
  await owner.query(`
    INSERT INTO ledger.usage_hour
    SELECT ${month}, ${month}, (${month}::timestamp AT TIME ZONE 'UTC') + h * interval '1 hour', a.id, r.id, '00000000-0000-0000-0000-000000000000',
      'success', 'provider', 1, 1, CASE WHEN h = 1 THEN 1 ELSE 0 END, 0, 0, 0, 0, 0, 0, 0, 0, power(10, -h)
    FROM ledger.attribution a, ledger.routing r, generate_series(0, 1) AS h`);
  await owner.query("INSERT INTO ledger.usage_day SELECT * FROM ledger.usage_day_of_hours");
});
after(async () => {
  await finance.end();
  await owner.end();
  await database.stop();
});

/** A budget of 10 USD with a window from the beginning of the month until its end, of which 2 USD are posted. */
async function budget(id: string, changes: Record<string, unknown> = {}, ends = "interval '1 month'"): Promise<void> {
  const row = {
    ...{ id, name: `Budget ${id}`, organisation_id: "acme", limit_pico_usd: 10e12, window_kind: "month" },
    ...{ created_at: "2020-01-01", ...changes },
  };
  const names = Object.keys(row);
  await owner.query(
    `INSERT INTO budget.budget (${names}) VALUES (${names.map((_, index) => `$${index + 1}`)})`,
    Object.values(row),
  );
  await owner.query(
    `INSERT INTO budget.budget_window (budget_id, starts_at, ends_at, limit_pico_usd, posted_pico_usd, held_pico_usd, granted_pico_usd)
     SELECT $1, m, (m AT TIME ZONE 'UTC' + ${ends}) AT TIME ZONE 'UTC', 10e12, 2e12, 1e12, 0.5e12
     FROM date_trunc('month', now(), 'UTC') AS m`,
    [id],
  );
}

const asked = async (
  id: string,
  columns = "posted_usd AS posted, booked_usd AS booked, difference_usd AS difference",
) => (await finance.query(`SELECT ${columns} FROM finance.budget_against_actual WHERE budget_id = $1`, [id])).rows;

test("each scope is held against its own part of the books", async () => {
  const scopes: [string, Record<string, unknown>, string][] = [
    ["everything", {}, "6.6"],
    ["team", { team_id: "support" }, "4.4"],
    ["user", { user_id: "ada" }, "2.2"],
    ["key", { key_id: "k3" }, "2.2"],
    ["route", { route: "chat" }, "3.3"],
    ["provider", { provider: "sim", team_id: "support" }, "2.2"],
    ["model", { model: "big", user_id: "eve" }, "1.1"],
    ["environment", { tag_name: "environment", tag_value: "production" }, "2.2"],
    ["of-another", { organisation_id: "globex" }, "0"],
  ];
  for (const [id, scope, booked] of scopes) {
    await budget(id, scope);
    const difference = String(Number((2 - Number(booked)).toFixed(6)));
    assert.deepEqual(await asked(id), [{ posted: "2", booked, difference }], id);
  }
});

test("a window of hours is held against the sums by hour", async () => {
  await budget("first-hour", { window_kind: "fixed", window_seconds: 3600 }, "interval '1 hour'");
  assert.deepEqual(await asked("first-hour", "booked_usd AS booked, unpriced_attempts AS unpriced"), [
    { booked: "6", unpriced: 0n },
  ]);
});

test("a window that begins at another hour is its whole days and the hours at its edges", async () => {
  await budget("elsewhere", { window_kind: "fixed", window_seconds: 7_200 }, "interval '1 month' + interval '1 hour'");
  await owner.query(
    "UPDATE budget.budget_window SET starts_at = starts_at + interval '1 hour' WHERE budget_id = 'elsewhere'",
  );
  // Without the first hour of the month.
  assert.deepEqual(await asked("elsewhere", "booked_usd AS booked"), [{ booked: "0.6" }]);
  await budget("before", { window_kind: "fixed", window_seconds: 7_200 }, "interval '1 hour'");
  await owner.query(
    "UPDATE budget.budget_window SET starts_at = starts_at - interval '50 hours' WHERE budget_id = 'before'",
  );
  assert.deepEqual(await asked("before", "booked_usd AS booked"), [{ booked: "6" }]);
});

test("where the sums cannot say, there is no figure but a reason", async () => {
  await budget("of-an-end-user", { end_user_id: "u1" });
  await budget("of-a-tag", { tag_name: "app", tag_value: "x" });
  await budget("of-minutes", { window_kind: "fixed", window_seconds: 90 }, "interval '90 seconds'");
  const why = "booked_usd AS booked, difference_usd AS difference, not_booked_because AS why";
  const none = { booked: null, difference: null };
  assert.deepEqual(await asked("of-an-end-user", why), [{ ...none, why: "it is for an end user" }]);
  assert.deepEqual(await asked("of-a-tag", why), [{ ...none, why: "it is for a tag" }]);
  assert.deepEqual(await asked("of-minutes", why), [{ ...none, why: "it begins or ends within an hour" }]);
});

test("the limit, what is used of it, and where it goes at this pace", async () => {
  await budget("whole");
  await owner.query("UPDATE budget.budget_window SET carried_in_pico_usd = 5e12 WHERE budget_id = 'whole'");
  await owner.query(
    "UPDATE budget.budget SET raise_by = 5e12, raise_until = now() + interval '1 day' WHERE id = 'whole'",
  );
  const [row] = await asked(
    "whole",
    `limit_usd AS limit, held_usd AS held, used_share AS used, running, projected_share * limit_usd BETWEEN projected_usd - 0.01
       AND projected_usd + 0.01 AS is_share, projected_usd >= posted_usd AS is_more, abs(projected_usd - 2 * extract(epoch FROM ends_at - starts_at)
       / extract(epoch FROM now() - starts_at)) < 0.01 AS is_linear`,
  );
  assert.deepEqual(row, {
    ...{ limit: "20", held: "1.5", used: "0.1", running: true },
    ...{ is_share: true, is_more: true, is_linear: true },
  });
  await budget("no-end", { window_kind: "total" }, "NULL::interval");
  assert.deepEqual(await asked("no-end", "running, projected_usd AS projected, booked_usd AS booked"), [
    { running: true, projected: null, booked: "6.6" },
  ]);
});

test("a budget for each team has a row for each, held against that team's part", async () => {
  const template = { id: "per-team", per: "team_id", name: "Each team" };
  await budget("per-team", template);
  await owner.query("DELETE FROM budget.budget_window WHERE budget_id = 'per-team'");
  for (const team of ["support", "research"]) {
    await budget(`per-team.${team}`, {
      origin: "template",
      template_id: "per-team",
      template_value: team,
      window_kind: "total",
    });
  }
  const rows = await asked("per-team", "budget, value, booked_usd AS booked");
  assert.deepEqual(
    rows.sort((a, b) => a.value.localeCompare(b.value)),
    [
      { budget: "Each team", value: "research", booked: "2.2" },
      { budget: "Each team", value: "support", booked: "4.4" },
    ],
  );
});

test("what does not count money, rolls, or counts for a route's limit is not in it", async () => {
  await budget("of-tokens", { unit: "tokens" });
  await budget("rolling", { window_kind: "rolling", window_seconds: 3600 }, "NULL::interval");
  await budget("limit", { origin: "limit" });
  for (const id of ["of-tokens", "rolling", "limit"]) assert.deepEqual(await asked(id), [], id);
});

test("without the budget service's schema there are no rows, and finance still asks", async () => {
  await using alone = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  const client = await connectOnce(alone.urlAs("finance_reader"), "test-finance");
  try {
    assert.deepEqual((await client.query("SELECT * FROM finance.budget_against_actual")).rows, []);
    await assert.rejects(client.query("SELECT * FROM budget.window_standing"));
  } finally {
    await client.end();
  }
});
