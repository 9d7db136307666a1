// Budgets saved, raised and deleted on a real Postgres with the service's own role: what is written, what is refused, what the log says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { openPool, type Pool, sqlState } from "@waybill/store";
import { Budget, BudgetUnit } from "@waybill/wire";
import {
  type BudgetBy,
  type BudgetOffice,
  deleteBudget,
  raiseBudget,
  type Saved,
  saveBudget,
} from "./administer-budgets.ts";
import { budgetOffice } from "./outbound/budget-desk.ts";
import { budgetList } from "./outbound/budget-list.ts";
import { startTestBudgets, type TestBudgets } from "./outbound/postgres-budgets.test.ts";

const BY: BudgetBy = { actorId: "abcd1234", actorName: "Ada", reason: "quarter's plan", organisationId: "" };

let kit: TestBudgets;
let pool: Pool;
let office: BudgetOffice;
before(async () => {
  kit = await startTestBudgets();
  await kit.owner.query("INSERT INTO accounts.organisation (id, name) VALUES ('other', 'Other')");
  await kit.owner.query("INSERT INTO accounts.team (organisation_id, id, name) VALUES ('acme', 'support', 'Support')");
  await kit.owner.query(
    "INSERT INTO accounts.app_user (organisation_id, id, team_id, name) VALUES ('acme', 'ada', 'support', 'Ada')",
  );
  pool = openPool({ url: kit.url, applicationName: "test", connectionsMax: 8 });
  office = budgetOffice(pool);
});
after(async () => {
  await pool.end();
  await kit[Symbol.asyncDispose]();
});

const wanted = (given: Parameters<typeof Budget.create>[0]): Budget =>
  Budget.create({
    name: "B",
    scope: { organisationId: "acme" },
    limitPicoUsd: "100",
    window: { kind: "month" },
    ...given,
  });

interface How {
  isNew?: boolean;
  allowUnreachable?: boolean;
  dryRun?: boolean;
  by?: BudgetBy;
}

const save = (
  budget: Budget,
  { isNew = true, allowUnreachable = true, dryRun = false, by = BY }: How = {},
): Promise<Saved> => saveBudget(office, { budget, isNew, allowUnreachable, dryRun }, by);

const fieldsOf = ({ problems }: Saved): string[] => problems.map(({ field }) => field);

const log = async (name: string): Promise<Record<string, unknown>[]> =>
  (await kit.owner.query("SELECT * FROM accounts.audit WHERE kind = 'budget' AND name = $1 ORDER BY id", [name])).rows;

const refusedAs = (code: string) => (error: unknown) => error instanceof WaybillError && error.code === code;

test("a budget with everything said stands as it was said, and the log has it once with who and why", async () => {
  const budget = wanted({
    ...{ id: "all-fields", name: "All fields", unit: BudgetUnit.TOKENS, limitPicoUsd: "1000", enforcement: 1 },
    scope: { organisationId: "acme", teamId: "support", model: "m", tagName: "env", tagValue: "prod" },
    window: {
      kind: "quarter",
      seconds: 0n,
      timeZone: "Europe/Berlin",
      anchorWeekday: 1,
      anchorDay: 2,
      anchorMonth: 4,
      anchorAtSeconds: 0n,
    },
    ...{ carryOver: true, per: "user_id", onExhausted: 2, whenAway: 1, awayAllowance: "10", alertPercents: [80, 100] },
    maxSharePercent: 25,
  });
  const saved = await save(budget);
  assert.deepEqual([saved.outcome, saved.problems, saved.budget], ["create", [], budget]);
  const listed = (await budgetList(pool).all()).find(({ id }) => id === "all-fields");
  assert.deepEqual(listed, budget);
  const [entry, ...more] = await log("all-fields");
  assert.deepEqual(more, []);
  assert.deepEqual(
    [entry?.action, entry?.actor_id, entry?.actor_name, entry?.reason, entry?.organisation_id, entry?.before],
    ["create", "abcd1234", "Ada", "quarter's plan", "acme", null],
  );
  assert.equal(((entry?.after ?? {}) as Record<string, unknown>).time_zone, "Europe/Berlin");
});

test("every problem of a save is said at once, and nothing is written", async () => {
  const budget = wanted({
    ...{ id: "Wrong", limitPicoUsd: "0", scope: { organisationId: "acme", teamId: "nobody", userId: "nobody" } },
    window: { kind: "day", seconds: 5n, timeZone: "Mars/Olympus" },
  });
  assert.deepEqual(fieldsOf(await save(budget)), [
    ...["id", "limit", "window.seconds", "window.timeZone", "scope.teamId", "scope.userId"],
  ]);
  assert.deepEqual(await log("Wrong"), []);
  const nul = wanted({ id: "n", scope: { organisationId: "acme", teamId: "a\u0000" } });
  assert.deepEqual(fieldsOf(await save(nul)), ["scope.teamId", "scope.teamId"]);
});

test("saying the same again writes nothing, and a dry run neither", async () => {
  await save(wanted({ id: "same" }));
  const revision = await budgetList(pool).revision();
  assert.equal((await save(wanted({ id: "same" }), { isNew: false })).outcome, "same");
  assert.equal(
    (await save(wanted({ id: "same", limitPicoUsd: "7" }), { isNew: false, dryRun: true })).outcome,
    "update",
  );
  assert.equal((await log("same")).length, 1);
  assert.equal(await budgetList(pool).revision(), revision);
  await save(wanted({ id: "same", limitPicoUsd: "7" }), { isNew: false });
  assert.ok((await budgetList(pool).revision()) > revision, "routers are told");
  const [, update] = await log("same");
  const limits = [update?.before, update?.after].map((image) => (image as Record<string, unknown>).limit_pico_usd);
  assert.deepEqual([update?.action, limits], ["update", [100, 7]]);
});

test("an id is taken once, and what is not there is not replaced", async () => {
  await save(wanted({ id: "once" }));
  await assert.rejects(save(wanted({ id: "once" })), refusedAs("already_exists"));
  await assert.rejects(save(wanted({ id: "never" }), { isNew: false }), refusedAs("not_found"));
  const both = await Promise.allSettled([save(wanted({ id: "race" })), save(wanted({ id: "race" }))]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("what is counted cannot change: neither unit nor template nor organisation, nor by deleting and making it again", async () => {
  await save(wanted({ id: "counts" }));
  const changed = wanted({ id: "counts", unit: BudgetUnit.TOKENS, per: "user_id", scope: { organisationId: "other" } });
  assert.deepEqual(fieldsOf(await save(changed, { isNew: false })), ["unit", "per", "scope.organisationId"]);
  await deleteBudget(office, "counts", BY);
  assert.deepEqual(fieldsOf(await save(wanted({ id: "counts", unit: BudgetUnit.TOKENS }))), ["unit"]);
  assert.equal((await save(wanted({ id: "counts", limitPicoUsd: "8" }))).outcome, "create");
  assert.deepEqual(
    (await log("counts")).map(({ action }) => action),
    ["create", "delete", "create"],
  );
});

test("another organisation's budget is none: not saved, not raised, not deleted", async () => {
  await save(wanted({ id: "acmes" }));
  const other = { ...BY, organisationId: "other" };
  await assert.rejects(save(wanted({ id: "acmes" }), { isNew: false, by: other }), refusedAs("not_found"));
  await assert.rejects(deleteBudget(office, "acmes", other), refusedAs("not_found"));
  await assert.rejects(raiseBudget(office, { id: "acmes", amount: "1", untilMs: 1n }, other), refusedAs("not_found"));
  assert.deepEqual(fieldsOf(await save(wanted({ id: "theirs" }), { by: other })), ["scope.organisationId"]);
});

test("a budget that can never bind is refused unless it is allowed, also by the team of its user", async () => {
  const small = wanted({
    id: "team-day",
    scope: { organisationId: "acme", teamId: "support" },
    window: { kind: "day" },
  });
  await save(small);
  const large = wanted({
    ...small,
    id: "ada-day",
    limitPicoUsd: "101",
    scope: { organisationId: "acme", userId: "ada" },
  });
  assert.deepEqual(fieldsOf(await save(large, { allowUnreachable: false })), ["limit"]);
  assert.equal((await save(large)).outcome, "create");
});

test("a raise stands until its end and ends early with 0; a save leaves it alone; its reason and end are checked", async () => {
  await save(wanted({ id: "raised" }));
  const inAnHour = BigInt(Date.now() + 3_600_000);
  const raised = await raiseBudget(office, { id: "raised", amount: "50", untilMs: inAnHour }, BY);
  assert.deepEqual(raised.budget?.raise, { by: "50", reason: "quarter's plan", untilMs: inAnHour });
  await save(wanted({ id: "raised", limitPicoUsd: "200" }), { isNew: false });
  const listed = async () => (await budgetList(pool).all()).find(({ id }) => id === "raised");
  assert.equal((await listed())?.raise?.by, "50");
  const bad = await raiseBudget(office, { id: "raised", amount: "1.5", untilMs: 1n }, { ...BY, reason: " " });
  assert.deepEqual(fieldsOf(bad), ["by", "reason"]);
  assert.deepEqual(fieldsOf(await raiseBudget(office, { id: "raised", amount: "1", untilMs: 1n }, BY)), ["until"]);
  const far = BigInt(Date.now() + 367 * 86_400_000);
  assert.deepEqual(fieldsOf(await raiseBudget(office, { id: "raised", amount: "1", untilMs: far }, BY)), ["until"]);
  await raiseBudget(office, { id: "raised", amount: "0", untilMs: 0n }, BY);
  assert.equal((await listed())?.raise, undefined);
});

test("a deleted budget is on no list, routers are told, and deleting it again finds none", async () => {
  await save(wanted({ id: "goes" }));
  const revision = await budgetList(pool).revision();
  await deleteBudget(office, "goes", BY);
  assert.ok((await budgetList(pool).revision()) > revision);
  assert.ok(!(await budgetList(pool).all()).some(({ id }) => id === "goes"));
  await assert.rejects(deleteBudget(office, "goes", BY), refusedAs("not_found"));
  const [, entry] = await log("goes");
  assert.deepEqual([entry?.action, entry?.after], ["delete", null]);
});

test("ten thousand budgets are the most", async () => {
  await kit.owner.query(
    `INSERT INTO budget.budget (id, name, organisation_id, limit_pico_usd, window_kind)
     SELECT 'many-' || i, 'x', 'other', 1, 'total' FROM generate_series(1, 10000) i`,
  );
  assert.deepEqual(fieldsOf(await save(wanted({ id: "one-more" }))), ["id"]);
  assert.equal((await save(wanted({ id: "all-fields-2" }), { dryRun: true })).problems.length, 1);
  await kit.owner.query("DELETE FROM budget.budget WHERE id LIKE 'many-%'");
  assert.equal((await save(wanted({ id: "one-more" }))).outcome, "create");
});

test("the service's own role changes no budget past the log, and writes no counter's row by that way", async () => {
  const denied = (error: unknown): boolean => sqlState(error) === "42501";
  await assert.rejects(pool.query("UPDATE budget.budget SET limit_pico_usd = 9"), denied);
  await assert.rejects(pool.query("SELECT budget.audit('a', 'b', 'c', 'd', NULL, NULL)"), denied);
  await kit.owner.query(
    `INSERT INTO budget.budget (id, name, organisation_id, limit_pico_usd, window_kind, origin)
     VALUES ('counter', 'x', 'acme', 1, 'total', 'limit')`,
  );
  assert.deepEqual(fieldsOf(await save(wanted({ id: "counter" }))), ["id"]);
});
