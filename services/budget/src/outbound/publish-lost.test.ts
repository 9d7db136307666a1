// The record of a lost attempt, read from a real Postgres with the service's own role.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Publisher } from "@waybill/bus";
import { openPool } from "@waybill/store";
import { UsageRecord } from "@waybill/wire";
import type { PlaceHold } from "../core/operation.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";
import { publishLost } from "./publish-lost.ts";

const place = (attemptId: string, holder: string, wantPicoUsd: bigint): PlaceHold => ({
  ...{ kind: "place_hold", attemptId, holder, cut: [], lifeMs: 60_000, recalled: [] },
  asks: [{ budgetId: "b", wantPicoUsd, leastPicoUsd: 1n, boundedByShare: false }],
  message: new Uint8Array(),
});

test("what its stream needed beyond its hold counts with it; an earlier router's hold does not", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n });
  const writer = kit.writer();
  const attemptId = newAttemptId();
  for (const [holder, amount] of [
    ["router-1", 500n],
    ["router-2", 20n],
    ["router-2+1", 20n],
    ["router-2+2", 40n],
  ] as const) {
    const answer = await writer.submit(place(attemptId, holder, amount));
    assert.equal(answer.kind, "held");
  }
  const records: UsageRecord[] = [];
  const publisher: Pick<Publisher, "publish"> = {
    async publish({ data }) {
      records.push(UsageRecord.decode(data));
      return { kind: "stored" } as Awaited<ReturnType<Publisher["publish"]>>;
    },
  };
  const pool = openPool({ url: kit.url, applicationName: "test", connectionsMax: 1 });
  const lost = publishLost(pool, publisher as Publisher, () => 5);
  assert.equal(await lost.closeAttempt(attemptId, "unknown"), true);
  await pool.end();
  const [record] = records;
  assert.equal(record?.holder, "router-2");
  assert.equal(record?.costPicoUsd, 80n);
  assert.deepEqual(
    record?.holds.map(({ amountPicoUsd }) => amountPicoUsd),
    [20n],
  );
});
