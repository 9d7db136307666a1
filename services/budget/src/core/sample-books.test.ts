// Books to test with: every budget has one window, everything lies in memory, and the sums can be checked against the rows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { unspentOf } from "./allowance.ts";
import { Books, type GrantState, restOfGrant, type Window } from "./books.ts";
import type { AskGrant, CloseGrant, JournalAttempt, Line, PlaceHold, SettleRecord } from "./operation.ts";
import { bucketMs } from "./rolling.ts";

export function sampleWindow(index: number, limitPicoUsd: bigint): Window {
  return {
    id: BigInt(index),
    budgetId: `b${index}`,
    budgetName: `budget ${index}`,
    maxSharePercent: 50,
    unit: "usd",
    enforcement: "hard",
    templateValue: "",
    startsAtMs: 0,
    endsAtMs: 1_000_000,
    limitPicoUsd,
    carriedInPicoUsd: 0n,
    carriedOutPicoUsd: undefined,
    ...{ organisationId: "acme", isWatched: true, spentNow: 0n },
    successor: undefined,
    raisedPicoUsd: 0n,
    postedPicoUsd: 0n,
    heldPicoUsd: 0n,
    grantedPicoUsd: 0n,
    ...{ noCreditUntilMs: 0, isCreditStopped: false },
    rolling: undefined,
    change: "none",
  };
}

/** A window that counts what the last so many milliseconds spent. */
export function rollingWindow(index: number, limitPicoUsd: bigint, lengthMs: number): Window {
  const rolling = { lengthMs, first: 0, byBucket: new Map() };
  return { ...sampleWindow(index, limitPicoUsd), startsAtMs: -lengthMs, endsAtMs: undefined, rolling };
}

/** Books with one window per limit; budgets are named b0, b1, ... and their windows 0n, 1n, ... */
export function sampleBooks(...limits: (bigint | Window)[]): Books {
  const books = new Books();
  for (const [index, limit] of limits.entries()) {
    const window = typeof limit === "bigint" ? sampleWindow(index, limit) : limit;
    books.windows.set(window.id, window);
    books.currentWindows.set(window.budgetId, window.id);
  }
  return books;
}

/** Every counter equals what its rows say. */
export function assertCountersTrue(books: Books): void {
  for (const window of books.windows.values()) {
    const holds = [...books.holds()].filter(({ windowId }) => windowId === window.id);
    const open = holds.filter(({ settledAtMs }) => settledAtMs === undefined);
    const grants = [...books.grants.values()].filter(({ windowId }) => windowId === window.id);
    assert.equal(window.heldPicoUsd, sum(open.map((hold) => hold.amountPicoUsd)), "held");
    const { rolling } = window;
    const first = rolling ? rolling.first * bucketMs(rolling) : 0;
    const counting = holds.filter(({ countsFromMs }) => countsFromMs === undefined || countsFromMs >= first);
    assert.equal(window.postedPicoUsd, sum(counting.map((hold) => hold.postedPicoUsd)), "posted");
    if (rolling) assert.equal(window.postedPicoUsd, sum([...rolling.byBucket.values()]), "buckets");
    if (window.successor) assert.equal(window.carriedOutPicoUsd, unspentOf(window), "carried out");
    assert.equal(window.grantedPicoUsd, sum(grants.map(restOfGrant)), "granted");
  }
}

/** What the books say in the end, without the times at which it happened. */
export function essence(books: Books): unknown {
  return {
    windows: [...books.windows.values()].map(({ id, postedPicoUsd, heldPicoUsd, grantedPicoUsd }) => [
      id,
      postedPicoUsd,
      heldPicoUsd,
      grantedPicoUsd,
    ]),
    grants: sorted(
      [...books.grants.values()].map((grant): [string, bigint, bigint, GrantState] => [
        grant.grantId,
        grant.debitedPicoUsd,
        grant.capPicoUsd,
        grant.state,
      ]),
    ),
    holds: sorted(
      [...books.holds()].map((hold) => [
        `${hold.attemptId} ${hold.holder} ${hold.budgetId} ${hold.grantId}`,
        hold.amountPicoUsd,
        hold.postedPicoUsd,
        hold.settledAtMs !== undefined,
      ]),
    ),
    records: sorted([...books.records()].map(({ recordId, costPicoUsd }) => [recordId, costPicoUsd])),
  };
}

const sorted = (rows: (readonly [string, ...unknown[]] | unknown[])[]): unknown[] =>
  [...rows].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
const sum = (amounts: bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

export const askGrant = (grantId: string, amount: bigint, change: Partial<AskGrant> = {}): AskGrant => ({
  kind: "ask_grant",
  grantId,
  holder: "h",
  budgetId: "b0",
  needPicoUsd: amount,
  wantPicoUsd: amount,
  lifeMs: 10_000,
  holdLifeMs: 60_000,
  ...change,
});

export const placeHoldOf = (attemptId: string, amount: bigint, change: Partial<PlaceHold> = {}): PlaceHold => ({
  kind: "place_hold",
  attemptId,
  holder: "h",
  asks: [{ budgetId: "b0", wantPicoUsd: amount, leastPicoUsd: amount, boundedByShare: false }],
  cut: [],
  lifeMs: 60_000,
  recalled: [],
  message: new Uint8Array(),
  ...change,
});

export const lineOf = (grantId: string, amountPicoUsd: bigint, budget = 0): Line => ({
  budgetId: `b${budget}`,
  windowId: BigInt(budget),
  grantId,
  amountPicoUsd,
});

export const journalOf = (attemptId: string, ...lines: Line[]): JournalAttempt => ({
  kind: "journal_attempt",
  attemptId,
  holder: "h",
  lines,
  holdLifeMs: 60_000,
  message: new Uint8Array(),
});

export const closingOf = (grantId: string, debitedPicoUsd: bigint): CloseGrant => ({
  kind: "close_grant",
  grantId,
  debitedPicoUsd,
});

export const recordOf = (
  attemptId: string,
  source: SettleRecord["source"],
  costPicoUsd: bigint,
  ...lines: Line[]
): SettleRecord => ({
  kind: "settle_record",
  recordId: `${attemptId}:${source}`,
  attemptId,
  source,
  revision: 0,
  outcome: "success",
  costPicoUsd,
  costKnown: true,
  tokens: 0n,
  isWorstCase: false,
  holder: "h",
  lines,
});

test("sample books begin with true counters", () => assertCountersTrue(sampleBooks(10n, 20n)));
