// The watch over spend on a real Postgres: what settlement leaves behind, and what is told of it, once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool, type Pool } from "@waybill/store";
import type { Line, SettleRecord } from "../core/operation.ts";
import { watchSpend } from "../watch-spend.ts";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";
import { spendDesk } from "./spend-desk.ts";
import { forgetSpend, spendOf } from "./spend-rows.ts";

const USD = 1_000_000_000_000n;

const record = (cost: bigint, lines: readonly Line[], change: Partial<SettleRecord> = {}): SettleRecord => {
  const attemptId = change.attemptId ?? newAttemptId();
  return {
    ...{
      kind: "settle_record",
      recordId: `${attemptId}:worker`,
      attemptId,
      source: "worker",
      revision: 0,
      outcome: "success",
    },
    ...{ costPicoUsd: cost, costKnown: true, tokens: 0n, isWorstCase: false, holder: "r", lines },
    ...change,
  };
};

interface Kit {
  kit: TestBudgets;
  pool: Pool;
  look(isThorough?: boolean): Promise<readonly string[]>;
  spend(cost: bigint, change?: Partial<SettleRecord>): Promise<void>;
  line: Line;
}

async function withWatch(rule: Readonly<Record<string, unknown>>, work: (kit: Kit) => Promise<void>): Promise<void> {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 100n * USD, rule });
  const pool = openPool({ url: kit.url, applicationName: "watch", connectionsMax: 4 });
  const writer = kit.writer();
  const held = await writer.submit({
    ...{ kind: "place_hold", attemptId: newAttemptId(), holder: "r", cut: [], lifeMs: 60_000, recalled: [] },
    asks: [{ budgetId: "b", wantPicoUsd: 1n, leastPicoUsd: 1n, boundedByShare: false }],
    message: new Uint8Array([1]),
  });
  assert.ok(held.kind === "held");
  const windowId = held.lines[0]?.windowId ?? 0n;
  const line: Line = { budgetId: "b", windowId, grantId: "", amountPicoUsd: 50n * USD };
  try {
    await work({
      ...{ kit, pool, line },
      look: (isThorough = true) => watchSpend(spendDesk(pool), isThorough),
      async spend(cost, change) {
        const settled = await writer.submit(record(cost, [line], change));
        assert.equal(settled.kind, "settled");
      },
    });
  } finally {
    await pool.end();
  }
}

const told = async ({ kit }: Kit): Promise<string[]> =>
  (await kit.owner.query("SELECT once FROM budget.alert ORDER BY raised_at, once")).rows.map(({ once }) =>
    String(once).replace(/:\d+:/, ":w:"),
  );

test("each threshold is told once in a window, whoever looks and however often a record comes", () =>
  withWatch({ alert_percents: [50, 80] }, async (world) => {
    const { spend } = world;
    const look = (): Promise<readonly string[]> => world.look(false);
    assert.deepEqual(await look(), []);
    const attemptId = newAttemptId();
    await spend(49n * USD, { attemptId });
    assert.deepEqual(await look(), []);
    await spend(2n * USD);
    // Several processes look at the same moment.
    const found = (await Promise.all([look(), look(), look()])).flat();
    assert.deepEqual(found, ["threshold"]);
    await spend(49n * USD, { attemptId });
    assert.deepEqual(await look(), [], "a record that came twice spends nothing");
    await spend(40n * USD);
    await look();
    assert.deepEqual(await told(world), ["threshold:w:50", "threshold:w:80"]);
    const { rows } = await world.kit.owner.query("SELECT summary, data, organisation_id FROM budget.alert ORDER BY id");
    assert.equal(rows[1]?.data.spent, "91");
    assert.equal(rows[0]?.organisation_id, "acme");
  }));

test("what was spent while nobody looked is told later, also of a window that has ended", () =>
  withWatch({ alert_percents: [50] }, async (world) => {
    await world.spend(60n * USD);
    await world.kit.setClock("clock_timestamp() + interval '40 days'");
    await world.spend(1n * USD, { attemptId: newAttemptId() });
    assert.deepEqual(await world.look(), ["threshold"]);
  }));

test("a correction is net, and a window without alerts of its own is watched for nothing", () =>
  withWatch({ alert_percents: [] }, async ({ kit, pool, spend, look }) => {
    const attemptId = newAttemptId();
    const lost = { source: "lost", recordId: `${attemptId}:lost`, attemptId } as const;
    await spend(30n * USD, lost);
    await spend(10n * USD, { attemptId });
    const { rows } = await kit.owner.query("SELECT sum(amount)::text AS sum, count(*)::int AS count FROM budget.spend");
    assert.equal(rows[0]?.sum, String(10n * USD));
    assert.equal((await spendOf(pool, ["b"])).get("b")?.lastHour, 10n * USD);
    assert.deepEqual(await look(false), []);
  }));

test("rates come from the minutes they are of, against what was counted by hand", () =>
  withWatch({}, async ({ kit, pool }) => {
    const now = Math.floor(Date.parse("2026-03-01T12:00:30Z") / 60_000);
    await kit.setClock("'2026-03-01T12:00:30Z'::timestamptz");
    const minutes = [0, 1, 4, 5, 59, 60, 61, 200, 359, 360, 500, 1_439, 1_440];
    for (const ago of minutes) {
      await kit.owner.query("INSERT INTO budget.spend VALUES ('b', $1, 1, $2)", [now - ago, ago + 1]);
    }
    const sum = (from: number, to: number): bigint =>
      minutes.filter((ago) => ago >= from && ago < to).reduce((all, ago) => all + BigInt(ago + 1), 0n);
    const spend = (await spendOf(pool, ["b", "other"])).get("b");
    assert.deepEqual(spend, {
      last5Min: sum(0, 5),
      lastHour: sum(0, 60),
      last6Hours: sum(0, 360),
      // 360 falls into the sixth hour, 1439 into the 23rd.
      busiestHourBefore: 1_440n,
      hoursKnown: 22,
    });
    await kit.setClock("'2026-03-02T14:00:30Z'::timestamptz");
    await forgetSpend(pool);
    const { rows } = await kit.owner.query("SELECT count(*)::int AS count FROM budget.spend");
    assert.equal(rows[0]?.count, minutes.filter((ago) => ago <= 1_500 - 26 * 60 + 0).length);
  }));

test("a budget that will be used up before its window ends is told of, and one that burns oddly", () =>
  withWatch({ window_kind: "day" }, async (world) => {
    await world.kit.setClock("'2026-03-01T12:00:30Z'::timestamptz");
    // The window of the hold is another day's; what is posted there is not looked at again.
    const begun = await world.kit.writer().submit({
      ...{ kind: "place_hold", attemptId: newAttemptId(), holder: "r", cut: [], lifeMs: 60_000, recalled: [] },
      asks: [{ budgetId: "b", wantPicoUsd: 1n, leastPicoUsd: 1n, boundedByShare: false }],
      message: new Uint8Array([1]),
    });
    assert.ok(begun.kind === "held");
    const now = Math.floor(Date.parse("2026-03-01T12:00:30Z") / 60_000);
    for (let ago = 30; ago < 900; ago += 30) {
      const amount = ago < 360 ? 3n * USD : 1n * USD;
      await world.kit.owner.query("INSERT INTO budget.spend VALUES ('b', $1, 0, $2)", [now - ago, String(amount)]);
    }
    const line = { ...world.line, windowId: begun.lines[0]?.windowId ?? 0n };
    await world.kit.writer().submit(record(15n * USD, [line]));
    assert.deepEqual([...(await world.look())].sort(), ["burn_anomalous", "projected"]);
    const { rows } = await world.kit.owner.query("SELECT data FROM budget.alert WHERE kind = 'projected'");
    // 85 left, 18 in the last hour.
    assert.equal(rows[0]?.data.perHour, "18");
    assert.equal(rows[0]?.data.exhaustedAt, "2026-03-01T16:43:50.000Z");
    assert.deepEqual(await world.look(), []);
  }));

test("a session whose prompts grow and that takes a tenth of a budget is told of; a tame one is not", () =>
  withWatch({}, async (world) => {
    const call = (session: string, n: number, cost: bigint): Promise<void> =>
      world.spend(cost, {
        caller: { organisationId: "acme", session, keyId: "k", inputTokens: BigInt(1_000 + n) },
      });
    for (let n = 0; n < 25; n += 1) {
      await call("acme/wild", n * 100, USD / 2n);
      await call("acme/tame", -n, USD / 2n);
      await call("acme/cheap", n * 100, USD / 100n);
    }
    assert.equal((await world.look()).filter((kind) => kind === "runaway").length, 1);
    const { rows } = await world.kit.owner.query("SELECT budget_id, data FROM budget.alert WHERE kind = 'runaway'");
    assert.deepEqual([rows[0]?.budget_id, rows[0]?.data.session, rows[0]?.data.calls], ["b", "acme/wild", 25]);
    assert.deepEqual([rows[0]?.data.inputTokensFirst, rows[0]?.data.inputTokensLast], [1_000, 3_400]);
    assert.deepEqual(await world.look(), []);
  }));

test("a call above its hold is told with the settlement that finds it", () =>
  withWatch({}, async (world) => {
    await world.spend(51n * USD);
    await world.spend(52n * USD);
    const { rows } = await world.kit.owner.query("SELECT kind, data FROM budget.alert");
    assert.deepEqual(
      rows.map(({ kind, data }) => [kind, data.overBy]),
      [["over_hold", "1"]],
      "once an hour",
    );
  }));
