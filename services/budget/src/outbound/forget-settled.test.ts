// What is forgotten after its time and what must not be, on a real Postgres with the service's own role.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool, type Pool } from "@waybill/store";
import type { Answer, LimitSpec, Line, PlaceHold, SettleRecord } from "../core/operation.ts";
import { forgetSettled } from "./forget-settled.ts";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";

const MINUTES: LimitSpec = {
  ...{ name: "few/seven", organisationId: "acme", route: "few", unit: "requests", amount: 7n },
  ...{ windowKind: "fixed", windowSeconds: 60n },
};

const place = (attemptId: string, limit: Partial<LimitSpec> = {}): PlaceHold => ({
  ...{ kind: "place_hold", attemptId, holder: "router-1", cut: [], lifeMs: 60_000, recalled: [] },
  asks: [
    {
      ...{ budgetId: "limit.a", wantPicoUsd: 1n, leastPicoUsd: 1n, boundedByShare: false },
      limit: { ...MINUTES, ...limit },
    },
  ],
  message: new Uint8Array([1]),
});

const record = (attemptId: string, source: SettleRecord["source"], lines: readonly Line[]): SettleRecord => ({
  ...{ kind: "settle_record", recordId: `${attemptId}:${source}`, attemptId, source, revision: 0, outcome: "success" },
  ...{ costPicoUsd: 5n, costKnown: true, tokens: 3n, isWorstCase: false, holder: "router-1", lines },
});

function linesOf(answer: Answer): readonly Line[] {
  assert.ok(answer.kind === "held", `the answer was ${answer.kind}`);
  return answer.lines;
}

async function onDay(kit: TestBudgets, day: number): Promise<void> {
  await kit.setLater(`${day} days`);
}

async function withPool<T>(kit: TestBudgets, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool({ url: kit.url, applicationName: "test", connectionsMax: 1 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const forget = (kit: TestBudgets): Promise<boolean> => withPool(kit, forgetSettled);

const countOf = async (kit: TestBudgets, table: string): Promise<number> =>
  (await kit.owner.query(`SELECT count(*)::int AS count FROM budget.${table}`)).rows[0].count;

test("of a counter that is always in use the windows of long ago are forgotten, and the counter stays", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  for (const day of [0, 10, 20, 30, 40, 50]) {
    await onDay(kit, day);
    const attemptId = newAttemptId();
    await writer.submit(record(attemptId, "worker", linesOf(await writer.submit(place(attemptId)))));
  }
  await forget(kit);
  assert.deepEqual([await countOf(kit, "budget_window"), await countOf(kit, "budget")], [4, 1]);
  await onDay(kit, 100);
  await forget(kit);
  assert.deepEqual([await countOf(kit, "budget_window"), await countOf(kit, "budget")], [0, 0]);
  assert.equal(Number((await kit.owner.query("SELECT count FROM budget.limit_count")).rows[0].count), 0);
});

test("a window in which something is held or was settled late stays as long as a record can name it", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  const [open, late] = [newAttemptId(), newAttemptId()];
  const lines = linesOf(await writer.submit(place(open)));
  linesOf(await writer.submit(place(late)));
  await onDay(kit, 20);
  await writer.submit(record(late, "lost", lines));
  await onDay(kit, 40);
  await forget(kit);
  await writer.submit(record(open, "worker", lines));
  await onDay(kit, 50);
  await forget(kit);
  assert.deepEqual(await writer.submit(record(late, "worker", lines)), {
    ...{ kind: "settled", repeated: false, overHoldPicoUsd: 0n },
  });
  assert.deepEqual(await kit.windows("limit.a"), [[7n, 2n, 0n, 0n]]);
});

test("the count of a limit that never begins anew is never forgotten", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  const attemptId = newAttemptId();
  const lines = linesOf(await writer.submit(place(attemptId, { windowKind: "total", windowSeconds: 0n })));
  await writer.submit(record(attemptId, "worker", lines));
  await onDay(kit, 4_000);
  await forget(kit);
  assert.deepEqual(await kit.windows("limit.a"), [[7n, 1n, 0n, 0n]]);
});

test("an attempt whose window is gone settles on what is left and holds up no other", async () => {
  await using kit = await startTestBudgets({ id: "money", limitPicoUsd: 100n });
  const writer = kit.writer();
  const attemptId = newAttemptId();
  const [counted] = place(attemptId).asks;
  assert.ok(counted);
  const asks = [counted, { ...counted, budgetId: "money", limit: undefined }];
  const lines = linesOf(await writer.submit({ ...place(attemptId), asks }));
  await kit.owner.query("DELETE FROM budget.budget_window WHERE budget_id = 'limit.a'");
  const answers = await Promise.race([
    Promise.all([writer.submit(record(attemptId, "worker", lines)), writer.submit(place(newAttemptId()))]),
    new Promise<Answer[]>((resolve) => setTimeout(resolve, 3_000, [])),
  ]);
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["settled", "held"],
  );
  assert.deepEqual(await kit.windows("money"), [[100n, 5n, 0n, 0n]]);
});

test("a counter is forgotten with its grants, and nothing is looked for row by row", async () => {
  await using kit = await startTestBudgets();
  const writer = kit.writer();
  const attemptId = newAttemptId();
  const lines = linesOf(await writer.submit(place(attemptId, { amount: 700n })));
  await writer.submit(record(attemptId, "worker", lines));
  const grantId = attemptId.slice(0, -2);
  const [asked] = place(attemptId, { amount: 700n }).asks;
  const times = { lifeMs: 1_000, holdLifeMs: 1_000 };
  await writer.submit({
    ...{ kind: "ask_grant", grantId, holder: "router-1", budgetId: "limit.a", needPicoUsd: 1n, wantPicoUsd: 5n },
    ...times,
    limit: asked?.limit,
  });
  await writer.submit({ kind: "close_grant", grantId, debitedPicoUsd: 0n });
  await onDay(kit, 50);
  await forget(kit);
  assert.deepEqual([await countOf(kit, "credit_grant"), await countOf(kit, "budget")], [0, 0]);
  const { rows } = await kit.owner
    .query(
      "SET enable_seqscan = off; EXPLAIN SELECT FROM ONLY budget.credit_grant x WHERE window_id = 1 FOR KEY SHARE OF x",
    )
    .then((results) => (results as unknown as { rows: Record<string, string>[] }[])[1] ?? { rows: [] });
  assert.match(JSON.stringify(rows), /Index/);
});

test("however much is settled in an hour, all of it is forgotten in its time", async () => {
  await using kit = await startTestBudgets();
  await kit.owner.query(`
    INSERT INTO budget.settled_record (attempt_id, ordinal, record_id, source, outcome, cost_pico_usd, cost_known, settled_at)
      SELECT 'r' || n, 1, 'r' || n || ':worker', 'worker', 'success', 1, true, now() - interval '40 days'
      FROM generate_series(1, 12000) AS n;
    INSERT INTO budget.hold (attempt_id, holder, lines, placed_at, expires_at, settled_at)
      SELECT 'r' || n, 'h', '[]', now(), now(), now() - interval '40 days' FROM generate_series(1, 7000) AS n`);
  await forget(kit);
  assert.deepEqual([await countOf(kit, "settled_record"), await countOf(kit, "hold")], [0, 0]);
});
