// Templates' counters over several processes on a real Postgres, with the service's own role.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HoldAsk } from "../core/operation.ts";
import { budgetList } from "./budget-list.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";
import { ask, grant, linesOf, place, record } from "./sample-operations.test.ts";

const TEMPLATE = { id: "each", limitPicoUsd: 37n, windowKind: "day", rule: { per: "user_id" } };
const asked = (value: string, amount = 1n): HoldAsk =>
  ask(`per.${value}`, amount, { template: { templateId: "each", value } });

test("1000 attempts at once for two users over two processes: each has the whole limit, made at first use", async () => {
  await using kit = await startTestBudgets(TEMPLATE);
  const writers = [kit.writer(), kit.writer()] as const;
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      (writers[index % 2] ?? writers[0]).submit(place(newAttemptId(), asked(index % 4 < 2 ? "ada" : "ben"))),
    ),
  );
  assert.equal(answers.filter(({ kind }) => kind === "held").length, 74);
  for (const value of ["ada", "ben"]) assert.deepEqual(await kit.windows(`per.${value}`), [[37n, 0n, 37n, 0n]]);
  const refused = answers.find((answer) => answer.kind === "refused");
  assert.ok(refused?.kind === "refused");
  assert.equal(refused.budgetName, "each");
  assert.match(refused.templateValue, /^(ada|ben)$/);
});

test("counters are shown with their standing, and follow their template's limit, raise and window at once", async () => {
  await using kit = await startTestBudgets(TEMPLATE);
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-05 12:00+00'");
  const attempt = newAttemptId();
  await writer.submit(record(attempt, 5n, linesOf(await writer.submit(place(attempt, asked("ada", 9n))))));
  linesOf(await writer.submit(place(newAttemptId(), asked("ben", 30n))));
  await kit.owner.query(
    "UPDATE budget.budget SET limit_pico_usd = 50, raise_by = 4, raise_reason = 'x', raise_until = '2027-01-06' WHERE id = 'each'",
  );
  const list = budgetList(kit.owner);
  const standings = [...(await list.standingsOfTemplate("each")).values()];
  assert.deepEqual(
    standings.map(({ templateValue, limitPicoUsd, postedPicoUsd, heldPicoUsd }) => [
      ...[templateValue, limitPicoUsd, postedPicoUsd, heldPicoUsd],
    ]),
    [
      ["ben", 54n, 0n, 30n],
      ["ada", 54n, 5n, 0n],
    ],
  );
  // They are no budgets that people administer.
  assert.deepEqual([...(await list.standings(undefined)).keys()], ["each"]);
  linesOf(await writer.submit(place(newAttemptId(), asked("ben", 24n))));
  assert.equal((await writer.submit(place(newAttemptId(), asked("ben")))).kind, "refused");
  await kit.owner.query("UPDATE budget.budget SET window_kind = 'month' WHERE id = 'each'");
  linesOf(await writer.submit(place(newAttemptId(), asked("ben", 54n))));
});

test("credit is given ahead to a counter, in its own right", async () => {
  await using kit = await startTestBudgets({ ...TEMPLATE, limitPicoUsd: 1_000n });
  const writer = kit.writer();
  const template = { templateId: "each", value: "ada" };
  const granted = await writer.submit(grant("per.ada", 10n, { template }));
  assert.ok(granted.kind === "granted");
  assert.deepEqual([granted.amountPicoUsd, granted.standing?.templateValue], [10n, "ada"]);
  assert.deepEqual(await kit.windows("per.ada"), [[1_000n, 0n, 0n, 10n]]);
});

test("without room for another counter a hard template refuses and an observing one lets pass; a budget that is gone is an error", async () => {
  await using kit = await startTestBudgets(TEMPLATE, {
    ...TEMPLATE,
    id: "watch",
    rule: { per: "user_id", enforcement: "observe" },
  });
  const writer = kit.writer();
  linesOf(await writer.submit(place(newAttemptId(), asked("old"))));
  await kit.owner.query("UPDATE budget.limit_count SET count = 1000000");
  const refused = await writer.submit(place(newAttemptId(), asked("new")));
  assert.ok(refused.kind === "refused");
  assert.deepEqual([refused.budgetName, refused.templateValue, refused.leftPicoUsd], ["each", "new", 0n]);
  linesOf(await writer.submit(place(newAttemptId(), asked("old"))));
  const watched = ask("per.w", 1n, { template: { templateId: "watch", value: "new" } });
  assert.deepEqual(linesOf(await writer.submit(place(newAttemptId(), watched))), []);
  const gone = ask("per.g", 1n, { template: { templateId: "gone", value: "new" } });
  assert.equal((await writer.submit(place(newAttemptId(), gone))).kind, "impossible");
});

test("counters that nobody used for a long time are forgotten and give their room back; totals and what is carried over stay", async () => {
  await using kit = await startTestBudgets(
    TEMPLATE,
    { ...TEMPLATE, id: "ever", windowKind: "total" },
    { ...TEMPLATE, id: "kept", rule: { per: "user_id", carry_over: true } },
    { ...TEMPLATE, id: "hour", windowKind: "rolling", windowSeconds: 3_600 },
  );
  const writer = kit.writer();
  for (const templateId of ["each", "ever", "kept", "hour"]) {
    const attempt = newAttemptId();
    const counter = ask(`per.${templateId}`, 1n, { template: { templateId, value: "ada" } });
    await writer.submit(record(attempt, 1n, linesOf(await writer.submit(place(attempt, counter)))));
  }
  const forget = "SELECT budget.forget_limits(clock_timestamp() + interval '2 days', 100)";
  for (let round = 0; round < 3; round += 1) await kit.owner.query(forget);
  const left = await kit.owner.query("SELECT id FROM budget.budget WHERE origin = 'template' ORDER BY id");
  assert.deepEqual(
    left.rows.map(({ id }) => id),
    ["per.ever", "per.kept"],
  );
  assert.deepEqual((await kit.owner.query("SELECT count FROM budget.limit_count")).rows, [{ count: 2n }]);
  linesOf(await writer.submit(place(newAttemptId(), asked("each"))));
});
