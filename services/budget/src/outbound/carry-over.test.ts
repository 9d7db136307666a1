// What windows leave goes on to the next ones, over several processes on a real Postgres.
import assert from "node:assert/strict";
import { test } from "node:test";
import { minPicoUsd } from "@waybill/domain";
import fc from "fast-check";
import type { Line } from "../core/operation.ts";
import { budgetList } from "./budget-list.ts";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";
import { ask, grant, linesOf, place, record } from "./sample-operations.test.ts";

const CARRIED = { id: "b", limitPicoUsd: 100n, windowKind: "day", rule: { carry_over: true } };

const carriedIn = async (kit: TestBudgets): Promise<bigint[]> => {
  const text =
    "SELECT carried_in_pico_usd AS carried FROM budget.budget_window WHERE budget_id = 'b' ORDER BY starts_at";
  return (await kit.owner.query(text)).rows.map(({ carried }) => BigInt(carried));
};

test("what a day leaves is added to the next; what is still held then counts as spent, and is added as it settles below", async () => {
  await using kit = await startTestBudgets(CARRIED);
  const [here, there] = [kit.writer(), kit.writer()];
  await kit.setClock("timestamptz '2027-01-01 23:59+00'");
  const [late, spent] = [newAttemptId(), newAttemptId()];
  const held = linesOf(await here.submit(place(late, ask("b", 50n))));
  await here.submit(record(spent, 20n, linesOf(await here.submit(place(spent, ask("b", 30n))))));
  await kit.setClock("timestamptz '2027-01-02 00:00+00'");
  // 100 less 20 spent less 50 held.
  const refused = await there.submit(place(newAttemptId(), ask("b", 131n)));
  assert.ok(refused.kind === "refused");
  assert.deepEqual([refused.limitPicoUsd, refused.leftPicoUsd], [130n, 130n]);
  await here.submit(record(late, 10n, held));
  linesOf(await there.submit(place(newAttemptId(), ask("b", 170n))));
  assert.equal((await there.submit(place(newAttemptId(), ask("b", 1n)))).kind, "refused");
  assert.deepEqual(await carriedIn(kit), [0n, 70n]);
});

test("credit that is out at the turn comes back to the new window when it is closed", async () => {
  await using kit = await startTestBudgets({ ...CARRIED, limitPicoUsd: 10_000n });
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-01 23:59+00'");
  const asked = grant("b", 100n);
  assert.equal((await writer.submit(asked)).kind, "granted");
  await kit.setClock("timestamptz '2027-01-02 00:00+00'");
  const before = await writer.submit(place(newAttemptId(), ask("b", 19_901n)));
  assert.equal(before.kind, "refused");
  await writer.submit({ kind: "close_grant", grantId: asked.grantId, debitedPicoUsd: 0n });
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 20_000n))));
});

test("days that nobody used leave all of it, and a standing says so before anybody asks", async () => {
  await using kit = await startTestBudgets(CARRIED);
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-01 12:00+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 40n))));
  await kit.setClock("timestamptz '2027-01-05 12:00+00'");
  const standing = (await budgetList(kit.owner).standings(["b"])).get("b");
  // 60 of the first day, 100 each of the 2nd, 3rd and 4th, and 100 of today.
  assert.deepEqual([standing?.limitPicoUsd, standing?.carriedInPicoUsd], [460n, 360n]);
  const refused = await writer.submit(place(newAttemptId(), ask("b", 461n)));
  assert.ok(refused.kind === "refused");
  assert.equal(refused.limitPicoUsd, 460n);
});

test("a clock that is set back, to a window that was begun or to none, goes on with the last one: nothing is carried twice", async () => {
  await using kit = await startTestBudgets(CARRIED);
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-02 23:59+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 10n))));
  await kit.setClock("timestamptz '2027-01-03 00:30+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 189n))));
  for (const earlier of ["2027-01-02 23:30", "2027-01-01 12:00"]) {
    await kit.setClock(`timestamptz '${earlier}+00'`);
    // What the second leaves was carried into the third, and is spent there.
    const refused = await writer.submit(place(newAttemptId(), ask("b", 2n)));
    assert.ok(refused.kind === "refused", earlier);
    assert.deepEqual([refused.limitPicoUsd, refused.leftPicoUsd], [190n, 1n]);
  }
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 1n))));
  assert.equal((await kit.windows("b")).length, 2);
});

test("a raise is not carried over, and is no loan either", async () => {
  await using kit = await startTestBudgets(CARRIED);
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-01 12:00+00'");
  await kit.owner.query(
    "UPDATE budget.budget SET raise_by = 50, raise_reason = 'x', raise_until = '2027-01-01 20:00+00'",
  );
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 130n))));
  await kit.setClock("timestamptz '2027-01-02 12:00+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 100n))));
  assert.equal((await writer.submit(place(newAttemptId(), ask("b", 1n)))).kind, "refused");
});

test("two processes that meet the turn at the same moment begin one window with one carried amount", async () => {
  await using kit = await startTestBudgets(CARRIED);
  const writers = [kit.writer(), kit.writer(), kit.writer()];
  for (let day = 1; day <= 8; day += 1) {
    await kit.setClock(`timestamptz '2027-01-0${day} 12:00+00'`);
    await Promise.all(writers.map((writer) => writer.submit(place(newAttemptId(), ask("b", 10n)))));
  }
  assert.deepEqual(await carriedIn(kit), [0n, 70n, 140n, 210n, 280n, 350n, 420n, 490n]);
});

test("whatever is held, settled and turned in any order over two processes: allowed = spent + left", async () => {
  await using kit = await startTestBudgets();
  const writers = [kit.writer(), kit.writer()] as const;
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ amount: fc.bigInt(1n, 60n), cost: fc.bigInt(0n, 60n), turn: fc.boolean() }), {
        maxLength: 10,
      }),
      fc.infiniteStream(fc.nat(1_000)),
      async (steps, dice) => {
        round += 1;
        const id = `b${round}`;
        await kit.addBudget({ ...CARRIED, id });
        let day = 1;
        const open: { attempt: string; cost: bigint; lines: readonly Line[] }[] = [];
        const at = () => writers[(dice.next().value as number) % 2] ?? writers[0];
        const settleOne = async () => {
          const [one] = open.splice((dice.next().value as number) % Math.max(1, open.length), 1);
          if (one) await at().submit(record(one.attempt, one.cost, one.lines));
        };
        await kit.setClock("timestamptz '2027-01-01 12:00+00'");
        await at().submit(place(newAttemptId(), ask(id, 1_000_000n)));
        for (const { amount, cost, turn } of steps) {
          if (turn) {
            day += 1;
            await kit.setClock(`timestamptz '2027-01-01 12:00+00' + interval '${day - 1} days'`);
          }
          const attempt = newAttemptId();
          const answer = await at().submit(place(attempt, ask(id, amount)));
          if (answer.kind === "held") open.push({ attempt, cost: minPicoUsd(cost, amount), lines: answer.lines });
          if ((dice.next().value as number) % 2 === 0) await Promise.all([settleOne(), settleOne()]);
        }
        while (open.length > 0) await settleOne();
        const spent = (await kit.windows(id)).reduce((sum, [, posted = 0n]) => sum + posted, 0n);
        const standing = (await budgetList(kit.owner).standings([id])).get(id);
        assert.ok(standing);
        const left = standing.limitPicoUsd - standing.postedPicoUsd - standing.heldPicoUsd;
        assert.equal(left, 100n * BigInt(day) - spent);
      },
    ),
    { numRuns: 25 },
  );
});
