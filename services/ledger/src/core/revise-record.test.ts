import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceEntry } from "@waybill/catalog";
import { AttemptOutcome, HoldLine, RecordSource, TokenSource, UsageRecord } from "@waybill/wire";
import { BUDGETS_KNOW_MS, reviseRecord, type StandingAttempt } from "./revise-record.ts";

const REQUESTED_AT_MS = 1_731_628_800_000;
const NOW_MS = REQUESTED_AT_MS + 60_000;

function rates(rate: bigint) {
  const input = { input: rate, cachedInput: rate, cacheWrite5m: rate, cacheWrite1h: rate };
  return { ...input, output: rate * 2n, reasoningOutput: rate * 2n };
}

const priced = (version: string, effectiveFromMs: number, rate: bigint): PriceEntry => ({
  effectiveFromMs,
  price: { version, tiers: [{ aboveInputTokens: 0n, rates: rates(rate) }], perRequestPicoUsd: 0n },
});

function standing(changes: Record<string, unknown> = {}): StandingAttempt {
  const record = UsageRecord.fromPartial({
    ...{ recordId: "r.1:worker", attemptId: "r.1", requestId: "r", attempt: 1, source: RecordSource.WORKER },
    ...{ outcome: AttemptOutcome.SUCCESS, tokenSource: TokenSource.PROVIDER, usage: { input: 100n, output: 10n } },
    ...{ costKnown: false, holds: [{ budgetId: "b", windowId: 7n, amountPicoUsd: 9n }] },
    ...changes,
  });
  return { record, source: "worker", requestedAtMs: REQUESTED_AT_MS };
}

test("what had no price costs what the price in force at its time says, as a revision of the same record", () => {
  const prices = [priced("v1", 0, 3n), priced("v2", REQUESTED_AT_MS, 5n), priced("v3", REQUESTED_AT_MS + 1, 7n)];
  const revised = reviseRecord(standing(), prices, NOW_MS);
  assert.ok(typeof revised !== "string");
  assert.deepEqual([revised.recordId, revised.revision, revised.costKnown], ["r.1:worker.1", 1, true]);
  assert.deepEqual([revised.costPicoUsd, revised.price?.version], [600n, "v2"]);
  assert.deepEqual(revised.holds, [HoldLine.create({ budgetId: "b", windowId: 7n, amountPicoUsd: 9n })]);
  assert.deepEqual(JSON.parse(revised.evidenceJson), { revised: { before: null, price: "v2" } });
  assert.equal(reviseRecord({ ...standing(), record: revised }, prices, NOW_MS), "kept");
});

test("a corrected price makes another revision that says what it was before, beside what else is known", () => {
  const was = { costKnown: true, costPicoUsd: 360n, price: { version: "v1" }, revision: 4, evidenceJson: '{"seen":1}' };
  const revised = reviseRecord(standing(was), [priced("v9", 0, 1n)], NOW_MS);
  assert.ok(typeof revised !== "string");
  assert.deepEqual([revised.recordId, revised.costPicoUsd], ["r.1:worker.5", 120n]);
  const before = { pico_usd: "360", price: "v1" };
  assert.deepEqual(JSON.parse(revised.evidenceJson), { seen: 1, revised: { before, price: "v9" } });
});

test("what no price of the catalogue can tell stays as it is, and it is said why", () => {
  const prices = [priced("v1", 0, 3n)];
  const cases: [string, StandingAttempt, readonly PriceEntry[]][] = [
    ["no_price", standing(), []],
    ["not_in_force", standing(), [priced("v1", REQUESTED_AT_MS + 1, 3n)]],
    ["no_tokens", standing({ tokenSource: TokenSource.NONE }), prices],
    ["no_tokens", standing({ usage: undefined }), prices],
    ["kept", standing({ outcome: AttemptOutcome.FAILED_FREE }), prices],
    ["kept", standing({ costKnown: true, tokenSource: TokenSource.NONE }), prices],
    ["kept", standing({ costKnown: true, costPicoUsd: 360n, price: { version: "v1" } }), prices],
    ["by_hold", standing({ costKnown: true, costPicoUsd: 9n, tokenSource: TokenSource.WORST_CASE }), prices],
  ];
  for (const [because, attempt, list] of cases) assert.equal(reviseRecord(attempt, list, NOW_MS), because);
});

test("what budgets may have forgotten is revised on the books alone", () => {
  const nowMs = REQUESTED_AT_MS + BUDGETS_KNOW_MS;
  const revised = reviseRecord(standing(), [priced("v1", 0, 3n)], nowMs);
  assert.deepEqual(typeof revised !== "string" && revised.holds, []);
});
