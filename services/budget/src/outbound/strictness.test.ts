// Units and strictness on a real Postgres: what is refused, what is counted, and what a list tells of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit, Enforcement } from "@waybill/wire";
import { toWireRefusal, toWireStanding } from "../inbound/to-wire.ts";
import { budgetList } from "./budget-list.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";
import { ask, linesOf, place, record } from "./sample-operations.test.ts";

test("budgets of money, tokens and requests on one attempt hold and settle each in its unit, and the refusal names the one that bound", async () => {
  await using kit = await startTestBudgets(
    { id: "money", limitPicoUsd: 9_000_000n },
    { id: "tokens", limitPicoUsd: 1_000n, rule: { unit: "tokens" } },
    { id: "requests", limitPicoUsd: 2n, rule: { unit: "requests" } },
  );
  const writer = kit.writer();
  const asks = [ask("money", 4_000_000n), ask("tokens", 900n), ask("requests", 1n)];
  const attempt = newAttemptId();
  const lines = linesOf(await writer.submit(place(attempt, ...asks)));
  assert.deepEqual(lines.map(({ unit }) => unit).sort(), ["requests", "tokens", "usd"]);
  await writer.submit(record(attempt, 3_000_000n, lines));
  assert.deepEqual(await kit.windows("money"), [[9_000_000n, 3_000_000n, 0n, 0n]]);
  assert.deepEqual(await kit.windows("tokens"), [[1_000n, 300n, 0n, 0n]]);
  assert.deepEqual(await kit.windows("requests"), [[2n, 1n, 0n, 0n]]);
  const refused = await writer.submit(place(newAttemptId(), ...asks));
  assert.ok(refused.kind === "refused");
  const { refusal } = toWireRefusal(refused);
  assert.deepEqual(
    [refusal?.budgetName, refusal?.unit, refusal?.leftPicoUsd, refusal?.neededPicoUsd],
    ["tokens", BudgetUnit.TOKENS, "700", "900"],
  );
});

test("500 attempts at once on a soft budget over two processes exceed it by one hold at most, and the overshoot is told", async () => {
  await using kit = await startTestBudgets({ id: "soft", limitPicoUsd: 100n, rule: { enforcement: "soft" } });
  const writers = [kit.writer(), kit.writer()] as const;
  const attempts = Array.from({ length: 500 }, () => newAttemptId());
  const answers = await Promise.all(
    attempts.map((id, index) => (writers[index % 2] ?? writers[0]).submit(place(id, ask("soft", 30n)))),
  );
  assert.equal(answers.filter(({ kind }) => kind === "held").length, 4);
  const refused = answers.find(({ kind }) => kind === "refused");
  assert.ok(refused?.kind === "refused" && refused.soft);
  const standing = (await budgetList(kit.owner).standings(["soft"])).get("soft");
  assert.ok(standing);
  assert.equal(toWireStanding(standing).overshootPicoUsd, "20");
  // They cost more than was likely: all of it is posted, and nothing more passes.
  for (const [index, answer] of answers.entries()) {
    if (answer.kind === "held") await writers[0].submit(record(attempts[index] ?? "", 40n, answer.lines));
  }
  assert.deepEqual(await kit.windows("soft"), [[100n, 160n, 0n, 0n]]);
  assert.equal((await writers[1].submit(place(newAttemptId(), ask("soft", 1n)))).kind, "refused");
});

test("an observing budget never refuses and counts everything; a hard one beside it is as hard as ever", async () => {
  await using kit = await startTestBudgets(
    { id: "watch", limitPicoUsd: 5n, rule: { enforcement: "observe" } },
    { id: "hard", limitPicoUsd: 100n },
  );
  const writer = kit.writer();
  for (let call = 0; call < 10; call += 1) {
    const attempt = newAttemptId();
    const lines = linesOf(await writer.submit(place(attempt, ask("watch", 10n), ask("hard", 10n))));
    await writer.submit(record(attempt, 10n, lines));
  }
  assert.deepEqual(await kit.windows("watch"), [[5n, 100n, 0n, 0n]]);
  const refused = await writer.submit(place(newAttemptId(), ask("watch", 10n), ask("hard", 10n)));
  assert.ok(refused.kind === "refused");
  assert.deepEqual([refused.budgetId, refused.soft], ["hard", false]);
});

test("the list tells routers all of a budget's rule", async () => {
  const rule = {
    ...{
      unit: "tokens",
      enforcement: "soft",
      time_zone: "Europe/Berlin",
      anchor_weekday: 7,
      anchor_day: 6,
      anchor_month: 4,
    },
    ...{
      anchor_at: "2027-01-01T00:00:00Z",
      carry_over: true,
      per: "user_id",
      on_exhausted: "downgrade",
      when_away: "allow",
    },
    ...{ away_allowance: "12", raise_by: "3", raise_reason: "launch", raise_until: "2027-02-01T00:00:00Z" },
    ...{ alert_percents: [50, 90] },
  };
  await using kit = await startTestBudgets({
    id: "b",
    limitPicoUsd: 10n,
    windowKind: "fixed",
    windowSeconds: 60,
    rule,
  });
  const [budget] = await budgetList(kit.owner).all();
  assert.ok(budget);
  const { window, raise } = budget;
  assert.deepEqual(
    [window?.kind, window?.seconds, window?.timeZone, window?.anchorWeekday, window?.anchorDay, window?.anchorMonth],
    ["fixed", 60n, "Europe/Berlin", 7, 6, 4],
  );
  assert.equal(window?.anchorAtSeconds, 1_798_761_600n);
  assert.deepEqual([raise?.by, raise?.reason, raise?.untilMs], ["3", "launch", 1_801_440_000_000n]);
  assert.deepEqual(
    [budget.unit, budget.enforcement, budget.carryOver, budget.per, budget.awayAllowance, budget.alertPercents],
    [BudgetUnit.TOKENS, Enforcement.SOFT, true, "user_id", "12", [50, 90]],
  );
  assert.deepEqual([budget.onExhausted, budget.whenAway], [2, 1]);
});
