// Whom a recall waits for: a holder that may only be slow, and never for long one that is gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7 } from "@waybill/service";
import { openPool } from "@waybill/store";
import { startTestBudgets } from "./postgres-budgets.test.ts";
import { makeRecall } from "./recall-grants.ts";

const ROUNDS = 20;

test("credit that is out is missing until its holder is gone for certain: longer where it is connected, never by a stall alone", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n });
  const pool = openPool({ url: kit.url, applicationName: "recall", connectionsMax: 2 });
  const writer = kit.writer();
  const grantId = makeUuidV7();
  const granted = await writer.submit({
    ...{ kind: "ask_grant", grantId, holder: "router-1", budgetId: "b", needPicoUsd: 10n, wantPicoUsd: 50n },
    ...{ lifeMs: 60_000, holdLifeMs: 60_000 },
  });
  assert.ok(granted.kind === "granted" && granted.amountPicoUsd > 0n);
  let [passedMs, isConnected] = [0, false];
  const published: string[] = [];
  const recall = makeRecall({
    ...{ pool, isConnected: () => isConnected, publish: (subject) => void published.push(subject) },
    monotonicMs: () => performance.now() + passedMs,
  });
  assert.equal(await recall(["b"]), "missing");
  // Nobody has had a chance to answer in that time.
  passedMs = 60_000;
  assert.equal(await recall(["b"]), "missing", "one round after a stall says nothing");
  passedMs = 0;
  for (let round = 2; round < ROUNDS; round += 1) assert.equal(await recall(["b"]), "missing", `round ${round}`);
  assert.equal(published.length, ROUNDS);
  isConnected = true;
  passedMs = 4_000;
  assert.equal(await recall(["b"]), "missing", "it is connected");
  isConnected = false;
  assert.equal(await recall(["b"]), "back", "it is gone");
  isConnected = true;
  passedMs = 16_000;
  assert.equal(await recall(["b"]), "back", "connected, and gone all the same");

  await writer.submit({ kind: "close_grant", grantId, debitedPicoUsd: 0n });
  assert.equal(await recall(["b"]), "back");
  await pool.end();
});

test("whoever comes while others are told that nothing is out is told by a look of his own", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n });
  const pool = openPool({ url: kit.url, applicationName: "recall", connectionsMax: 2 });
  let [go, seen] = [() => {}, () => {}];
  const [released, looked] = [new Promise<void>((done) => (go = done)), new Promise<void>((done) => (seen = done))];
  let looks = 0;
  const slow = Object.create(pool, {
    query: {
      async value(query: never) {
        const rows = await pool.query(query);
        looks += 1;
        if (looks === 1) {
          seen();
          await released;
        }
        return rows;
      },
    },
  }) as typeof pool;
  const recall = makeRecall({
    ...{ pool: slow, isConnected: () => true, publish: () => {}, monotonicMs: () => performance.now() },
  });
  const first = recall(["b"]);
  await looked;
  const granted = await kit.writer().submit({
    ...{ kind: "ask_grant", grantId: makeUuidV7(), holder: "router-1", budgetId: "b" },
    ...{ needPicoUsd: 5n, wantPicoUsd: 5n, lifeMs: 60_000, holdLifeMs: 60_000 },
  });
  assert.ok(granted.kind === "granted" && granted.amountPicoUsd === 5n);
  const second = recall(["b"]);
  go();
  assert.deepEqual([await first, await second], ["back", "missing"]);
  await pool.end();
});
