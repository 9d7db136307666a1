// Holds, grants and records to test with on a real Postgres.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7 } from "@waybill/service";
import type { Answer, AskGrant, HeldLine, HoldAsk, Line, PlaceHold, SettleRecord } from "../core/operation.ts";
import { newAttemptId } from "./postgres-budgets.test.ts";

export const ask = (budgetId: string, amount: bigint, change: Partial<HoldAsk> = {}): HoldAsk => ({
  ...{ budgetId, wantPicoUsd: amount, leastPicoUsd: amount, boundedByShare: false },
  ...change,
});

export const place = (attemptId: string, ...asks: HoldAsk[]): PlaceHold => ({
  ...{ kind: "place_hold", attemptId, holder: "router-1", asks, cut: [], lifeMs: 60_000, recalled: [] },
  message: new Uint8Array([1]),
});

export const grant = (budgetId: string, amount: bigint, change: Partial<AskGrant> = {}): AskGrant => ({
  ...{ kind: "ask_grant", grantId: makeUuidV7(), holder: "router-1", budgetId, needPicoUsd: amount },
  ...{ wantPicoUsd: amount, lifeMs: 600_000, holdLifeMs: 60_000 },
  ...change,
});

export const record = (
  attemptId: string,
  costPicoUsd: bigint,
  lines: readonly Line[],
  change: Partial<SettleRecord> = {},
): SettleRecord => ({
  ...{
    kind: "settle_record",
    recordId: `${attemptId}:worker`,
    attemptId,
    source: "worker",
    revision: 0,
    outcome: "success",
  },
  ...{ costPicoUsd, costKnown: true, tokens: 300n, isWorstCase: false, holder: "router-1", lines },
  ...change,
});

export function linesOf(answer: Answer): readonly HeldLine[] {
  assert.ok(answer.kind === "held", `the answer was ${answer.kind}`);
  return answer.lines;
}

test("a sample's lines are those of its answer", () => {
  const attemptId = newAttemptId();
  assert.equal(record(attemptId, 1n, []).recordId, `${attemptId}:worker`);
  assert.throws(() => linesOf({ kind: "over" }), /the answer was over/);
});
