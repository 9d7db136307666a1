import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf, NO_TOKENS, type TokenUsage } from "@waybill/domain";
import { AttemptOutcome, BudgetUnit, TokenSource, Waybill } from "@waybill/wire";
import fc from "fast-check";
import type { Ending, Failure, Reach } from "./ending.ts";
import { settleEnding, settleLost } from "./settle.ts";

const RATES = { input: 2n, cachedInput: 1n, cacheWrite5m: 2n, cacheWrite1h: 2n, output: 10n, reasoningOutput: 10n };
const PRICE = { version: "v", tiers: [{ aboveInputTokens: 0n, rates: RATES }], perRequestPicoUsd: 0n };
const line = {
  budgetId: "b",
  windowId: 1n,
  grantId: "g",
  unit: BudgetUnit.UNSPECIFIED,
  amountPicoUsd: 5_000n,
  hard: false,
};
const makeWaybill = (changes: Partial<Waybill> = {}): Waybill =>
  Waybill.fromPartial({
    attemptId: "r.1",
    price: PRICE,
    holds: [line],
    stream: true,
    inputTokensBound: 100n,
    estimatedInputTokens: 20n,
    maxOutputTokens: 50n,
    ...changes,
  });
const soft = makeWaybill();
const hard = makeWaybill({ holds: [line, { ...line, amountPicoUsd: 4_000n, hard: true }] });
const failure: Failure = { code: "upstream_error", message: "x", param: "", providerStatus: 0, retryAfterMs: 0 };
const complete: Ending = {
  failure: undefined,
  wasCancelled: false,
  reach: "accepted",
  reportedUsage: { ...NO_TOKENS, input: 30n, output: 9n },
  countedOutputTokens: 8n,
  contentBytes: 40,
  finishReason: "stop",
  firstTokenMs: 1,
  durationMs: 2,
};
const counted = ({ evidenced }: { evidenced: TokenUsage }): TokenUsage => evidenced;
const noRule = (): undefined => undefined;

test("a complete answer costs what the provider reports", () => {
  const settlement = settleEnding(hard, complete, counted);
  assert.deepEqual(
    [settlement.outcome, settlement.tokenSource, settlement.costPicoUsd, settlement.evidence],
    [AttemptOutcome.SUCCESS, TokenSource.PROVIDER, 30n * 2n + 9n * 10n, {}],
  );
});

test("a complete answer without figures costs what was counted, and says so", () => {
  const settlement = settleEnding(hard, { ...complete, reportedUsage: undefined }, counted);
  assert.deepEqual([settlement.tokenSource, settlement.costPicoUsd], [TokenSource.COUNTED, 20n * 2n + 8n * 10n]);
  assert.equal(settlement.evidence.counted_output_tokens, 8);
});

test("an answer cut short costs by the provider's rule, else the hold where a hard budget matched", () => {
  const cut = { ...complete, failure, reportedUsage: undefined };
  for (const [waybill, rule, cost, source] of [
    [hard, counted, 120n, TokenSource.COUNTED],
    [hard, noRule, 5_000n, TokenSource.WORST_CASE],
    [soft, noRule, 120n, TokenSource.COUNTED],
  ] as const) {
    const settlement = settleEnding(waybill, cut, rule);
    assert.equal(settlement.outcome, AttemptOutcome.PARTIAL);
    assert.deepEqual([settlement.costPicoUsd, settlement.tokenSource], [cost, source]);
  }
});

test("sent without an answer is unknown: the hold where a hard budget matched, else an estimate", () => {
  const silent: Ending = {
    ...complete,
    failure,
    reach: "sent",
    reportedUsage: undefined,
    countedOutputTokens: 0n,
    contentBytes: 0,
  };
  const atHard = settleEnding(hard, silent, counted);
  assert.deepEqual([atHard.outcome, atHard.costPicoUsd], [AttemptOutcome.UNKNOWN, 5_000n]);
  const atSoft = settleEnding(soft, silent, counted);
  assert.deepEqual([atSoft.costPicoUsd, atSoft.tokenSource], [40n, TokenSource.ESTIMATED]);
  assert.equal(settleEnding(hard, { ...silent, wasCancelled: true }, counted).outcome, AttemptOutcome.PARTIAL);
});

test("unknown at a limit of tokens counts all that was held; a counter of requests asks for no figure", () => {
  const silent: Ending = { ...complete, failure, reach: "sent", reportedUsage: undefined, countedOutputTokens: 0n };
  const limited = (unit: BudgetUnit) =>
    makeWaybill({ holds: [line, { ...line, unit, amountPicoUsd: 150n, hard: true }] });
  const tokens = settleEnding(limited(BudgetUnit.TOKENS), { ...silent, contentBytes: 0 }, counted);
  assert.deepEqual([tokens.tokenSource, tokens.usage.input, tokens.usage.output], [TokenSource.WORST_CASE, 100n, 50n]);
  // No hard budget of money says what it costs: what so many tokens cost.
  assert.equal(tokens.costPicoUsd, costOf({ ...NO_TOKENS, input: 100n, output: 50n }, { ...PRICE }));
  const requests = settleEnding(limited(BudgetUnit.REQUESTS), { ...silent, contentBytes: 0 }, counted);
  assert.equal(requests.tokenSource, TokenSource.ESTIMATED);
});

test("what a stream said at its beginning is not all that an answer cut short costs", () => {
  const begun = { ...NO_TOKENS, input: 30n, output: 1n };
  const settlement = settleEnding(hard, { ...complete, failure, reportedUsage: begun }, noRule);
  assert.deepEqual(
    [settlement.outcome, settlement.tokenSource, settlement.costPicoUsd],
    [AttemptOutcome.PARTIAL, TokenSource.COUNTED, 30n * 2n + 8n * 10n],
  );
  const summed = settleEnding(hard, { ...complete, failure }, noRule);
  assert.deepEqual([summed.tokenSource, summed.costPicoUsd], [TokenSource.PROVIDER, 150n]);
});

test("usage without content in a failed answer is billed all the same", () => {
  const billed = settleEnding(soft, { ...complete, failure, contentBytes: 0, countedOutputTokens: 0n }, counted);
  assert.deepEqual([billed.outcome, billed.costPicoUsd], [AttemptOutcome.FAILED_BILLED, 150n]);
});

test("an unknown price is not zero", () => {
  const settlement = settleEnding(makeWaybill({ price: undefined }), complete, counted);
  assert.deepEqual([settlement.costPicoUsd, settlement.costKnown], [0n, false]);
});

test("a lost attempt: the provider's figure, else the hold, else the evidence", () => {
  const seen = {
    providerUsage: { ...NO_TOKENS, input: 30n, output: 9n },
    countedOutputTokens: 3n,
    accepted: true,
    contentBytes: 9n,
  };
  assert.equal(settleLost(hard, seen).costPicoUsd, 150n);
  assert.equal(settleLost(hard, { ...seen, providerUsage: undefined }).costPicoUsd, 5_000n);
  assert.equal(settleLost(soft, { ...seen, providerUsage: undefined }).costPicoUsd, 20n * 2n + 3n * 10n);
  assert.equal(settleLost(soft, undefined).costPicoUsd, 40n);
  assert.equal(settleLost(soft, undefined).outcome, AttemptOutcome.UNKNOWN);
});

test("whatever happens: free only what was never sent or refused, and never below zero", () => {
  const ending = fc.record({
    failure: fc.constantFrom(undefined, failure),
    wasCancelled: fc.boolean(),
    reach: fc.constantFrom<Reach>("not_sent", "sent", "refused", "accepted"),
    reportedUsage: fc.option(
      fc.record({
        input: fc.bigInt(-5n, 10n ** 16n),
        cachedInput: fc.bigInt(-5n, 10n ** 16n),
        cacheWrite5m: fc.constant(0n),
        cacheWrite1h: fc.constant(0n),
        output: fc.bigInt(-5n, 10n ** 16n),
        reasoningOutput: fc.bigInt(-5n, 10n ** 16n),
      }),
      { nil: undefined },
    ),
    countedOutputTokens: fc.bigInt(0n, 100n),
    contentBytes: fc.nat(100),
    finishReason: fc.constant(""),
    firstTokenMs: fc.constant(0),
    durationMs: fc.constant(0),
  });
  fc.assert(
    fc.property(ending, fc.constantFrom(soft, hard), fc.constantFrom(counted, noRule), (each, waybill, rule) => {
      const { outcome, costPicoUsd, tokenSource } = settleEnding(waybill, each, rule);
      const isFree = each.failure !== undefined && (each.reach === "not_sent" || each.reach === "refused");
      assert.equal(outcome === AttemptOutcome.FAILED_FREE, isFree);
      assert.equal(costPicoUsd === 0n, isFree);
      assert.ok(costPicoUsd >= 0n);
      assert.equal(outcome === AttemptOutcome.SUCCESS, each.failure === undefined);
      if (tokenSource === TokenSource.WORST_CASE) assert.equal(costPicoUsd, 5_000n);
    }),
  );
});

test("input that the body does not show is booked as it is reported, and never at nothing where it is not", () => {
  const unseen = { inputTokensBound: 0n, estimatedInputTokens: 800n };
  const read = { ...complete, reportedUsage: { ...NO_TOKENS, input: 200_000n, output: 9n } };
  const settlement = settleEnding(makeWaybill(unseen), read, counted);
  assert.deepEqual([settlement.usage.input, settlement.isSuspect], [200_000n, false]);
  const tokens = { ...line, unit: BudgetUnit.TOKENS, amountPicoUsd: 9_000n, hard: true };
  const lost = settleLost(makeWaybill({ ...unseen, holds: [tokens] }), undefined);
  assert.deepEqual([lost.usage.input, lost.costPicoUsd], [800n, 800n * 2n + 50n * 10n]);
});
