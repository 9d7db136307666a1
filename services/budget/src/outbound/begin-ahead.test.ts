// Windows begun ahead, on a real Postgres: of what is in use, once, and as the rule will have them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool } from "@waybill/store";
import { beginAhead } from "./begin-ahead.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";

test("the next window of what is in use is begun once, a little before it is needed, and is the one that is then found", async () => {
  const month = { windowKind: "month", limitPicoUsd: 100n };
  await using kit = await startTestBudgets(
    { id: "used", ...month, rule: { time_zone: "Europe/Berlin" } },
    { id: "unused", ...month },
    { id: "carries", ...month, rule: { carry_over: true } },
    { id: "rolls", limitPicoUsd: 100n, windowKind: "rolling", windowSeconds: 3_600 },
    { id: "total", limitPicoUsd: 100n, windowKind: "total" },
  );
  const pool = openPool({ url: kit.url, applicationName: "ahead", connectionsMax: 4 });
  const writer = kit.writer();
  const hold = async (budgetId: string): Promise<bigint | undefined> => {
    const answer = await writer.submit({
      ...{ kind: "place_hold", attemptId: newAttemptId(), holder: "r", cut: [], lifeMs: 60_000, recalled: [] },
      asks: [{ budgetId, wantPicoUsd: 1n, leastPicoUsd: 1n, boundedByShare: false }],
      message: new Uint8Array([1]),
    });
    assert.equal(answer.kind, "held");
    return answer.kind === "held" ? answer.lines[0]?.windowId : undefined;
  };
  const count = async (id: string): Promise<number> => (await kit.windows(id)).length;

  // Half a minute, then five seconds, before February begins in Berlin and in UTC.
  await kit.setClock("'2026-01-31T22:59:30Z'::timestamptz");
  for (const id of ["used", "carries", "rolls", "total"]) await hold(id);
  await beginAhead(pool);
  assert.equal(await count("used"), 1, "it is too early");
  await kit.setClock("'2026-01-31T22:59:55Z'::timestamptz");
  await Promise.all([beginAhead(pool), beginAhead(pool), beginAhead(pool)]);
  assert.deepEqual(await kit.windows("used"), [
    [100n, 0n, 1n, 0n],
    [100n, 0n, 0n, 0n],
  ]);
  const now = await hold("used");
  await kit.setClock("'2026-01-31T23:00:01Z'::timestamptz");
  const later = await hold("used");
  assert.notEqual(later, now);
  assert.deepEqual(await kit.windows("used"), [
    [100n, 0n, 2n, 0n],
    [100n, 0n, 1n, 0n],
  ]);
  const { rows } = await kit.owner.query(
    "SELECT starts_at, ends_at FROM budget.budget_window WHERE budget_id = 'used' ORDER BY starts_at",
  );
  assert.deepEqual(
    rows.map(({ starts_at, ends_at }) => [starts_at.toISOString(), ends_at.toISOString()]),
    [
      ["2025-12-31T23:00:00.000Z", "2026-01-31T23:00:00.000Z"],
      ["2026-01-31T23:00:00.000Z", "2026-02-28T23:00:00.000Z"],
    ],
  );
  await kit.setClock("'2026-01-31T23:59:55Z'::timestamptz");
  await beginAhead(pool);
  assert.deepEqual(await Promise.all(["unused", "carries", "rolls", "total"].map(count)), [0, 1, 1, 1]);
  await pool.end();
});

test("of a window that its rule no longer has, or whose budget is gone, nothing is begun", async () => {
  await using kit = await startTestBudgets(
    { id: "changed", limitPicoUsd: 100n, windowKind: "fixed", windowSeconds: 60 },
    { id: "gone", limitPicoUsd: 100n, windowKind: "fixed", windowSeconds: 60 },
  );
  const pool = openPool({ url: kit.url, applicationName: "ahead", connectionsMax: 1 });
  await kit.setClock("'2026-01-31T22:59:55Z'::timestamptz");
  for (const budgetId of ["changed", "gone"]) {
    await kit.writer().submit({
      ...{ kind: "place_hold", attemptId: newAttemptId(), holder: "r", cut: [], lifeMs: 60_000, recalled: [] },
      asks: [{ budgetId, wantPicoUsd: 1n, leastPicoUsd: 1n, boundedByShare: false }],
      message: new Uint8Array([1]),
    });
  }
  await kit.owner.query("UPDATE budget.budget SET window_seconds = 90 WHERE id = 'changed'");
  await kit.owner.query("UPDATE budget.budget SET origin = 'deleted' WHERE id = 'gone'");
  await beginAhead(pool);
  assert.deepEqual([(await kit.windows("changed")).length, (await kit.windows("gone")).length], [1, 1]);
  await pool.end();
});
