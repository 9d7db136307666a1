// Limits as the writers of several processes keep them, on a real Postgres with the service's own role.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, HoldAsk, LimitSpec, Line, PlaceHold, SettleRecord } from "../core/operation.ts";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";

const SPEC: LimitSpec = {
  ...{ name: "few/seven", organisationId: "acme", route: "few", unit: "requests", amount: 7n },
  ...{ windowKind: "total", windowSeconds: 0n },
};

const ask = (budgetId: string, limit: Partial<LimitSpec> | undefined, amount = 1n): HoldAsk => ({
  ...{ budgetId, wantPicoUsd: amount, leastPicoUsd: amount, boundedByShare: false },
  limit: limit && { ...SPEC, ...limit },
});

const place = (attemptId: string, ...asks: HoldAsk[]): PlaceHold => ({
  ...{ kind: "place_hold", attemptId, holder: "router-1", asks, cut: [], lifeMs: 60_000, recalled: [] },
  message: new Uint8Array([1]),
});

const record = (attemptId: string, lines: readonly Line[], change: Partial<SettleRecord> = {}): SettleRecord => ({
  ...{
    kind: "settle_record",
    recordId: `${attemptId}:worker`,
    attemptId,
    source: "worker",
    revision: 0,
    outcome: "success",
  },
  ...{ costPicoUsd: 5_000_000n, costKnown: true, tokens: 300n, isWorstCase: false, holder: "router-1", lines },
  ...change,
});

function linesOf(answer: Answer): readonly Line[] {
  assert.ok(answer.kind === "held", `the answer was ${answer.kind}`);
  return answer.lines;
}

const kindsOf = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { kind } of answers) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
};

/** How many of so many holds of one request fit, asked one after the other. */
async function heldOf(kit: TestBudgets, tries: number, limit: Partial<LimitSpec>): Promise<number> {
  const writer = kit.writer();
  const answers: Answer[] = [];
  for (let index = 0; index < tries; index += 1) {
    answers.push(await writer.submit(place(newAttemptId(), ask("limit.a", limit))));
  }
  return kindsOf(answers).held ?? 0;
}

test("1000 attempts at once over two processes at a limit that nobody made yet: exactly as many are held as it says", async () => {
  await using kit = await startTestBudgets();
  const writers = [kit.writer(), kit.writer()] as const;
  const attempts = Array.from({ length: 1_000 }, (_, index) => ({ id: newAttemptId(), writer: writers[index % 2] }));
  const answers = await Promise.all(
    attempts.map(({ id, writer = writers[0] }) => writer.submit(place(id, ask("limit.a", { amount: 37n })))),
  );
  assert.deepEqual(kindsOf(answers), { held: 37, refused: 963 });
  assert.deepEqual(await kit.windows("limit.a"), [[37n, 0n, 37n, 0n]]);
  // Each settles once, however often its record comes and whoever settles it; one certainly reached no provider.
  const held = attempts.flatMap(({ id }, index) => {
    const answer = answers[index];
    return answer?.kind === "held" ? [{ id, lines: answer.lines }] : [];
  });
  const records = held.map(({ id, lines }, index) =>
    record(id, lines, index === 0 ? { outcome: "failed_free", costPicoUsd: 0n, tokens: 0n } : {}),
  );
  await Promise.all([...records, ...records].map((fact, index) => (writers[index % 2] ?? writers[0]).submit(fact)));
  assert.deepEqual(await kit.windows("limit.a"), [[37n, 36n, 0n, 0n]]);
});

test("one attempt on money, tokens and requests is counted on each in its own unit", async () => {
  await using kit = await startTestBudgets({ id: "money", limitPicoUsd: 9_000_000n });
  const writer = kit.writer();
  const attemptId = newAttemptId();
  const asks = [
    ask("money", undefined, 8_000_000n),
    ask("limit.usd", { unit: "usd", amount: 9_000_000n }, 8_000_000n),
    ask("limit.tokens", { unit: "tokens", amount: 1_000n }, 900n),
    ask("limit.requests", { amount: 2n }),
  ];
  const lines = linesOf(await writer.submit(place(attemptId, ...asks)));
  await writer.submit(record(attemptId, lines));
  assert.deepEqual(await kit.windows("money"), [[9_000_000n, 5_000_000n, 0n, 0n]]);
  assert.deepEqual(await kit.windows("limit.usd"), [[9_000_000n, 5_000_000n, 0n, 0n]]);
  assert.deepEqual(await kit.windows("limit.tokens"), [[1_000n, 300n, 0n, 0n]]);
  assert.deepEqual(await kit.windows("limit.requests"), [[2n, 1n, 0n, 0n]]);
});

test("an amount that another process raised and that is asked lower again holds at once", async () => {
  await using kit = await startTestBudgets();
  const [here, there] = [kit.writer(), kit.writer()];
  linesOf(await here.submit(place(newAttemptId(), ask("limit.a", { amount: 2n }))));
  linesOf(await there.submit(place(newAttemptId(), ask("limit.a", { amount: 9n }))));
  const answer = await here.submit(place(newAttemptId(), ask("limit.a", { amount: 2n })));
  assert.equal(answer.kind, "refused");
  assert.deepEqual(await kit.windows("limit.a"), [[2n, 0n, 2n, 0n]]);
});

test("a counter that was forgotten is made again when it is next asked for", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  linesOf(await writer.submit(place(newAttemptId(), ask("limit.a", {}))));
  await kit.owner.query("DELETE FROM budget.budget_window; DELETE FROM budget.budget; DELETE FROM budget.limit_count");
  linesOf(await writer.submit(place(newAttemptId(), ask("limit.a", {}))));
});

test("an organisation with all the counters it may have takes the way of an exceeded limit, and holds up nobody", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 100n });
  const commits: string[] = [];
  const writer = kit.writer((name) => {
    if (name === "before_commit") commits.push(name);
  });
  linesOf(await writer.submit(place(newAttemptId(), ask("limit.old", {}))));
  await kit.owner.query("UPDATE budget.limit_count SET count = 999999");
  commits.length = 0;
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => writer.submit(place(newAttemptId(), ask("b", undefined)))),
    ...["limit.x", "limit.y"].map((id) => writer.submit(place(newAttemptId(), ask(id, { amount: 5n })))),
    writer.submit(place(newAttemptId(), ask("limit.old", {}))),
  ]);
  assert.deepEqual(kindsOf(answers), { held: 22, refused: 1 });
  assert.equal(commits.length, 1);
  const refused = answers.find((answer) => answer.kind === "refused");
  assert.deepEqual(refused, {
    ...{
      kind: "refused",
      budgetId: "limit.y",
      budgetName: "few/seven",
      templateValue: "",
      unit: "requests",
      soft: false,
    },
    ...{
      limitPicoUsd: 5n,
      leftPicoUsd: 0n,
      neededPicoUsd: 1n,
      resetsAtMs: undefined,
      recallable: [],
      mayFitSoon: false,
    },
  });
  assert.deepEqual((await kit.owner.query("SELECT count FROM budget.limit_count")).rows, [{ count: 1_000_000n }]);
});

test("a window that begins while its limit gets another amount has the new amount", async () => {
  await using kit = await startTestBudgets();
  await heldOf(kit, 1, { amount: 9n, windowKind: "fixed", windowSeconds: 3_600n });
  await kit.setClock("clock_timestamp() + interval '2 hours'");
  const changing = await kit.owner.connect();
  await changing.query("BEGIN; UPDATE budget.budget SET limit_pico_usd = 3 WHERE id = 'limit.a'");
  const begun = kit.writer().submit(place(newAttemptId(), ask("limit.a", undefined)));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await changing.query("COMMIT");
  changing.release();
  linesOf(await begun);
  assert.deepEqual((await kit.windows("limit.a")).map(([limit]) => limit).at(-1), 3n);
});

test("new amounts for several limits do not get in each other's way with a batch that holds their windows", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  const daily = { windowKind: "day", windowSeconds: 0n };
  // Whether counters are taken as they were made, by their names or against them: one pair's windows are in the other order.
  for (const id of ["limit.b", "limit.a", "limit.c", "limit.d"]) {
    linesOf(await writer.submit(place(newAttemptId(), ask(id, daily))));
  }
  await kit.setClock("clock_timestamp() + interval '1 day'");
  for (const id of ["limit.a", "limit.b", "limit.d", "limit.c"]) {
    linesOf(await writer.submit(place(newAttemptId(), ask(id, daily))));
  }
  for (const pair of [
    ["limit.a", "limit.b"],
    ["limit.c", "limit.d"],
  ]) {
    const batch = await kit.owner.connect();
    const lock = (first: boolean) =>
      batch.query(
        `SELECT FROM budget.budget_window WHERE id = (SELECT ${first ? "min" : "max"}(id) FROM budget.budget_window
         WHERE budget_id = ANY($1) AND ends_at > budget.clock()) FOR UPDATE`,
        [pair],
      );
    // Well below the time after which Postgres looks for deadlocks.
    await batch.query("BEGIN; SET LOCAL lock_timeout = '500ms'");
    await lock(true);
    const made = writer.submit(place(newAttemptId(), ...pair.map((id) => ask(id, { ...daily, amount: 8n }))));
    await new Promise((resolve) => setTimeout(resolve, 200));
    try {
      await lock(false);
    } finally {
      await batch.query("ROLLBACK");
      batch.release();
    }
    linesOf(await made);
  }
});
