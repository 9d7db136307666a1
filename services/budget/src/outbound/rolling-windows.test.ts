// Rolling windows over several processes on a real Postgres.
import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetList } from "./budget-list.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";
import { ask, grant, linesOf, place, record } from "./sample-operations.test.ts";

const HOURLY = { id: "b", limitPicoUsd: 100n, windowKind: "rolling", windowSeconds: 3_600 };
const at = (text: string): string => `timestamptz '2027-01-01 ${text}+00'`;

test("spend leaves an hour after it was held, bucket by bucket, and a refusal says when there is room", async () => {
  await using kit = await startTestBudgets(HOURLY);
  const [here, there] = [kit.writer(), kit.writer()];
  for (const [time, cost] of [
    ["10:00:30", 60n],
    ["10:20:30", 40n],
  ] as const) {
    await kit.setClock(at(time));
    const attempt = newAttemptId();
    await here.submit(record(attempt, cost, linesOf(await here.submit(place(attempt, ask("b", cost))))));
  }
  const refused = await there.submit(place(newAttemptId(), ask("b", 61n)));
  assert.ok(refused.kind === "refused");
  assert.equal(new Date(refused.resetsAtMs ?? 0).toISOString(), "2027-01-01T11:21:00.000Z");
  const standings = await budgetList(kit.owner).standings(["b"]);
  assert.equal(new Date(standings.get("b")?.resetsAtMs ?? 0).toISOString(), "2027-01-01T11:01:00.000Z");
  await kit.setClock(at("11:00:59"));
  assert.equal((await there.submit(place(newAttemptId(), ask("b", 1n)))).kind, "refused");
  await kit.setClock(at("11:01:00"));
  assert.equal((await budgetList(kit.owner).standings(["b"])).get("b")?.postedPicoUsd, 40n);
  assert.equal((await there.submit(place(newAttemptId(), ask("b", 61n)))).kind, "refused");
  linesOf(await there.submit(place(newAttemptId(), ask("b", 60n))));
  assert.deepEqual(await kit.windows("b"), [[100n, 40n, 60n, 0n]]);
});

test("what is cut from a grant counts from the grant's end, whichever of journal line and record comes first", async () => {
  await using kit = await startTestBudgets({ ...HOURLY, limitPicoUsd: 10_000n });
  const writer = kit.writer();
  for (const recordFirst of [true, false]) {
    await kit.setClock(at("10:00:00"));
    const asked = grant("b", 50n);
    const granted = await writer.submit(asked);
    assert.ok(granted.kind === "granted");
    assert.equal(granted.lifeMs, 60_000);
    const attemptId = newAttemptId();
    const lines = [{ budgetId: "b", windowId: granted.windowId, grantId: asked.grantId, amountPicoUsd: 50n }];
    const facts = [
      record(attemptId, 50n, lines),
      { kind: "journal_attempt", attemptId, holder: "router-1", lines, holdLifeMs: 60_000, message: new Uint8Array() },
    ] as const;
    for (const fact of recordFirst ? facts : [...facts].reverse()) await writer.submit(fact);
    await writer.submit({ kind: "close_grant", grantId: asked.grantId, debitedPicoUsd: 50n });
  }
  assert.deepEqual(await kit.windows("b"), [[10_000n, 100n, 0n, 0n]]);
  // The grants ended at 10:01, in the bucket that is an hour old at 11:02.
  await kit.setClock(at("11:01:59"));
  assert.equal((await budgetList(kit.owner).standings(["b"])).get("b")?.postedPicoUsd, 100n);
  await kit.setClock(at("11:02:00"));
  assert.equal((await budgetList(kit.owner).standings(["b"])).get("b")?.postedPicoUsd, 0n);
});

test("a correction of what has left changes nothing, and a held call counts until it settles, however long it runs", async () => {
  await using kit = await startTestBudgets(HOURLY);
  const writer = kit.writer();
  await kit.setClock(at("10:00:00"));
  const [settled, running] = [newAttemptId(), newAttemptId()];
  const lines = linesOf(await writer.submit(place(settled, ask("b", 30n))));
  await writer.submit({ ...record(settled, 30n, lines), recordId: `${settled}:lost`, source: "lost" });
  const long = linesOf(await writer.submit(place(running, ask("b", 70n))));
  await kit.setClock(at("12:00:00"));
  await writer.submit(record(settled, 5n, lines));
  assert.deepEqual(await kit.windows("b"), [[100n, 0n, 70n, 0n]]);
  assert.equal((await writer.submit(place(newAttemptId(), ask("b", 31n)))).kind, "refused");
  await writer.submit(record(running, 70n, long));
  assert.deepEqual(await kit.windows("b"), [[100n, 0n, 0n, 0n]]);
});

test("in any hour no more is spent than the limit, over two processes and a day of random calls", async () => {
  await using kit = await startTestBudgets(HOURLY);
  const writers = [kit.writer(), kit.writer()] as const;
  const spent: { atMs: number; cost: bigint }[] = [];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  let nowMs = Date.parse("2027-01-01T00:00:00Z");
  for (let call = 0; call < 250; call += 1) {
    nowMs += random(300_000);
    await kit.setClock(`to_timestamp(${nowMs / 1000})`);
    const attempt = newAttemptId();
    const writer = writers[call % 2] ?? writers[0];
    const cost = BigInt(1 + random(40));
    const answer = await writer.submit(place(attempt, ask("b", cost)));
    if (answer.kind !== "held") continue;
    await writer.submit(record(attempt, cost, answer.lines));
    spent.push({ atMs: nowMs, cost });
    const hour = spent.filter(({ atMs }) => atMs > nowMs - 3_600_000).reduce((sum, { cost }) => sum + cost, 0n);
    assert.ok(hour <= 100n, `${hour} within an hour`);
  }
  assert.ok(spent.length > 50);
  const { rows } = await kit.owner.query("SELECT cardinality(buckets) AS n FROM budget.budget_window");
  assert.ok(rows.length === 1 && rows[0].n <= 62, JSON.stringify(rows));
});
