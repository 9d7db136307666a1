// Books that were kept by the service itself verify, through everything that can happen to an attempt; and one pico-USD more or less
// anywhere is named.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool } from "@waybill/store";
import type { Answer, Line, PlaceHold, SettleRecord } from "../core/operation.ts";
import { forgetSettled } from "./forget-settled.ts";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";
import { type Verified, verifyBooks } from "./verify-books.ts";

async function withPool<T>(kit: TestBudgets, work: (pool: ReturnType<typeof openPool>) => Promise<T>): Promise<T> {
  const pool = openPool({ url: kit.url, applicationName: "test", connectionsMax: 2 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const verify = (kit: TestBudgets, which: Partial<Parameters<typeof verifyBooks>[1]> = {}): Promise<Verified> =>
  withPool(kit, (pool) => verifyBooks(pool, { organisationId: "", budgetId: "", ...which }));

const place = (attemptId: string, budgetIds: readonly string[], want = 100n, holder = "router-1"): PlaceHold => ({
  ...{ kind: "place_hold", attemptId, holder, cut: [], lifeMs: 60_000, recalled: [] },
  asks: budgetIds.map((budgetId) => ({ budgetId, wantPicoUsd: want, leastPicoUsd: want, boundedByShare: false })),
  message: new Uint8Array([1]),
});

const record = (
  attemptId: string,
  source: SettleRecord["source"],
  costPicoUsd: bigint,
  lines: readonly Line[],
  outcome = "success",
): SettleRecord => ({
  ...{ kind: "settle_record", recordId: `${attemptId}:${source}`, attemptId, source, revision: 0, outcome },
  ...{ costPicoUsd, costKnown: true, tokens: 3n, isWorstCase: false, holder: "router-1", lines },
});

function linesOf(answer: Answer): readonly Line[] {
  assert.ok(answer.kind === "held", `the answer was ${answer.kind}`);
  return answer.lines;
}

/** Two budgets on which everything has happened: settled, free, outranked, open, granted, closed. */
async function usedBooks(): Promise<TestBudgets> {
  const kit = await startTestBudgets(
    { id: "day", limitPicoUsd: 10_000n, windowKind: "day" },
    { id: "total", limitPicoUsd: 10_000n, windowKind: "total" },
  );
  const writer = kit.writer();
  const hold = async (): Promise<[string, readonly Line[]]> => {
    const attemptId = newAttemptId();
    return [attemptId, linesOf(await writer.submit(place(attemptId, ["day", "total"])))];
  };
  for (const cost of [7n, 100n, 130n]) {
    const [attemptId, lines] = await hold();
    await writer.submit(record(attemptId, "worker", cost, lines));
  }
  const [free, freeLines] = await hold();
  await writer.submit(record(free, "worker", 0n, freeLines, "failed_free"));
  const [lost, lostLines] = await hold();
  await writer.submit(record(lost, "lost", 100n, lostLines, "unknown"));
  await writer.submit(record(lost, "worker", 42n, lostLines));
  await hold();
  const grant = (grantId: string) => ({
    ...({ kind: "ask_grant", grantId, holder: "router-1", budgetId: "total" } as const),
    ...{ needPicoUsd: 10n, wantPicoUsd: 50n, lifeMs: 60_000, holdLifeMs: 60_000 },
  });
  const [open, closed] = [newAttemptId().slice(0, 36), newAttemptId().slice(0, 36)];
  await writer.submit(grant(open));
  await writer.submit(grant(closed));
  await writer.submit({ kind: "close_grant", grantId: closed, debitedPicoUsd: 0n });
  return kit;
}

const named = ({ differences }: Verified) =>
  differences.map(({ budgetId, what, found, expected }) => [budgetId, what, found - expected]);

test("books on which everything has happened verify, and say how much that was", async () => {
  await using kit = await usedBooks();
  const verified = await verify(kit);
  assert.deepEqual(named(verified), []);
  assert.deepEqual([verified.windows, verified.attempts, verified.differenceCount], [2, 5, 0]);
  const [[, posted, held, granted] = []] = await kit.windows("total");
  assert.deepEqual(
    [posted, held, (granted ?? 0n) > 0n],
    [7n + 100n + 130n + 42n, 100n, true],
    "there was something to verify",
  );
});

for (const what of ["posted", "held", "granted"]) {
  test(`one pico-USD too much in what is ${what} is named, with its budget`, async () => {
    await using kit = await usedBooks();
    await kit.owner.query(
      `UPDATE budget.budget_window SET ${what}_pico_usd = ${what}_pico_usd + 1 WHERE budget_id = 'total'`,
    );
    assert.deepEqual(named(await verify(kit)), [["total", what, 1n]]);
    assert.deepEqual(named(await verify(kit, { budgetId: "total" })), [["total", what, 1n]]);
    assert.deepEqual(named(await verify(kit, { budgetId: "day" })), []);
    assert.deepEqual(named(await verify(kit, { organisationId: "other" })), []);
  });
}

test("a token that a counter and its line agree on, and the settled record does not, is named, and so is a request", async () => {
  await using kit = await startTestBudgets(
    { id: "tokens", limitPicoUsd: 10_000n, rule: { unit: "tokens" } },
    { id: "requests", limitPicoUsd: 10_000n, rule: { unit: "requests" } },
  );
  const writer = kit.writer();
  for (const outcome of ["success", "partial", "failed_free"]) {
    const attemptId = newAttemptId();
    const lines = linesOf(await writer.submit(place(attemptId, ["tokens", "requests"])));
    await writer.submit(record(attemptId, "worker", outcome === "failed_free" ? 0n : 5n, lines, outcome));
  }
  const worst = newAttemptId();
  const lines = linesOf(await writer.submit(place(worst, ["tokens", "requests"])));
  await writer.submit({ ...record(worst, "lost", 100n, lines, "unknown"), tokens: 0n, isWorstCase: true });
  assert.deepEqual(named(await verify(kit)), []);
  await kit.owner.query("UPDATE budget.settled_record SET tokens = tokens + 1 WHERE outcome = 'success'");
  assert.deepEqual(named(await verify(kit)), [["tokens", "record", -1n]]);
  await kit.owner.query(
    `UPDATE budget.hold h SET lines = (SELECT jsonb_agg(CASE WHEN line ->> 'budget' = 'requests' THEN line || '{"posted": "2"}' ELSE line END)
       FROM jsonb_array_elements(h.lines) line)
     WHERE attempt_id IN (SELECT attempt_id FROM budget.settled_record WHERE outcome = 'partial')`,
  );
  const found = named(await verify(kit));
  assert.ok(
    found.some(([budget, what, by]) => budget === "requests" && what === "record" && by === 1n),
    String(found),
  );
});

test("one pico-USD that a counter and its line agree on, and the settled record does not, is named with the attempt", async () => {
  await using kit = await usedBooks();
  await kit.owner.query(
    "UPDATE budget.settled_record SET cost_pico_usd = cost_pico_usd + 1 WHERE source = 'worker' AND cost_pico_usd = 7",
  );
  const { differences } = await verify(kit);
  assert.deepEqual(
    differences.map(({ what, found, expected }) => [what, found, expected]),
    [
      ["record", 7n, 8n],
      ["record", 7n, 8n],
    ],
  );
  assert.match(differences[0]?.attemptId ?? "", /^[0-9a-f-]{36}\.1$/);
});

test("what forgotten holds have posted still verifies, and still shows when it is wrong", async () => {
  await using kit = await usedBooks();
  await kit.setClock("clock_timestamp() + interval '100 days'");
  await withPool(kit, forgetSettled);
  assert.equal((await kit.owner.query("SELECT FROM budget.hold WHERE settled_at IS NOT NULL")).rowCount, 0);
  assert.deepEqual(named(await verify(kit)), []);
  await withPool(kit, forgetSettled);
  assert.deepEqual(named(await verify(kit)), [], "and so it does the second time");
  await kit.owner.query(
    "UPDATE budget.budget_window SET posted_pico_usd = posted_pico_usd - 1 WHERE budget_id = 'total'",
  );
  assert.deepEqual(named(await verify(kit)), [["total", "posted", -1n]]);
});

test("a deleted budget settles and verifies, and is forgotten with its windows after its time", async () => {
  await using kit = await usedBooks();
  await withPool(kit, async (pool) => {
    await pool.query("SELECT budget.delete_budget('day', 'a', 'b', '')");
    await pool.query("SELECT budget.delete_budget('total', 'a', 'b', '')");
  });
  const [row] = (await kit.owner.query("SELECT attempt_id, lines FROM budget.hold WHERE settled_at IS NULL")).rows;
  const lines = (row.lines as { budget: string; window: string; amount: string }[]).map(
    ({ budget, window, amount }) => ({
      ...{ budgetId: budget, windowId: BigInt(window), grantId: "", amountPicoUsd: BigInt(amount) },
    }),
  );
  await kit.writer().submit(record(row.attempt_id, "worker", 11n, lines));
  const verified = await verify(kit);
  assert.deepEqual([named(verified), verified.attempts], [[], 6]);
  await kit.owner.query("UPDATE budget.credit_grant SET cap_pico_usd = debited_pico_usd");
  await kit.owner.query("UPDATE budget.budget_window SET granted_pico_usd = 0");
  await kit.setClock("clock_timestamp() + interval '40 days'");
  for (let round = 0; round < 3; round += 1) await withPool(kit, forgetSettled);
  const left = await kit.owner.query(
    "SELECT (SELECT count(*) FROM budget.budget) + (SELECT count(*) FROM budget.budget_window) + (SELECT count(*) FROM budget.forgotten_spend) AS count",
  );
  assert.equal(Number(left.rows[0].count), 0);
});
