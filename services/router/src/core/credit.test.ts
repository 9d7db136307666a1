// The heart: credit held here. Rules first, then any order of everything against a bank that counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit, type LimitDefinition } from "@waybill/wire";
import fc from "fast-check";
import { Credit, type GrantAsk, type HoldCut, NEAR_MS } from "./credit.ts";
import type { Closing, Moment } from "./grant.ts";

const LIFE_MS = 60_000;
const B = { id: "b", hard: true, unit: BudgetUnit.UNSPECIFIED };
const C = { id: "c", hard: true, unit: BudgetUnit.UNSPECIFIED };

function makeCredit(): Credit {
  let made = 0;
  return new Credit({ grantLifeMs: LIFE_MS, holdLifeMs: 600_000 }, () => {
    made += 1;
    return `g${made}`;
  });
}
const at = (ms: number): Moment => ({ monotonicMs: ms, unixMs: 1_000_000 + ms });

function give(credit: Credit, amount: bigint, now: Moment, budget = B): GrantAsk {
  credit.askForMissing([budget], () => amount, now);
  const ask = credit.asks.pop();
  assert.ok(ask);
  credit.answered(budget.id, { grantId: ask.grantId, amountPicoUsd: amount, windowId: 7n, lifeMs: LIFE_MS }, now);
  return ask;
}

test("a cold budget asks once, and everybody shares the answer", () => {
  const credit = makeCredit();
  assert.equal(
    credit.cut([B], () => 10n, at(0)),
    undefined,
  );
  assert.deepEqual(
    credit.askForMissing([B], () => 10n, at(0)),
    ["b"],
  );
  assert.deepEqual(
    credit.askForMissing([B], () => 30n, at(1)),
    ["b"],
  );
  assert.equal(credit.asks.length, 1);
});

test("a hold is cut from the grants of all budgets, or from none", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0), B);
  assert.equal(
    credit.cut([B, C], () => 10n, at(1)),
    undefined,
  );
  assert.equal(credit.restInHand("b"), 100n);
  give(credit, 100n, at(1), C);
  const cut = credit.cut([B, C], () => 10n, at(2));
  assert.deepEqual(
    cut?.map(({ budgetId, amountPicoUsd, windowId }) => [budgetId, amountPicoUsd, windowId]),
    [
      ["b", 10n, 7n],
      ["c", 10n, 7n],
    ],
  );
});

test("more is asked for at half, ahead of need, for five seconds of burn", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  credit.cut([B], () => 50n, at(10));
  assert.equal(credit.asks.length, 0);
  credit.cut([B], () => 1n, at(20));
  assert.equal(credit.asks.length, 1);
  assert.equal(credit.asks[0]?.needPicoUsd, 1n);
  assert.equal(credit.asks[0]?.wantPicoUsd, 51n * 5n);
});

test("a grant near the end of its life is renewed before it is over", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  credit.cut([B], () => 1n, at(LIFE_MS * 0.8));
  assert.equal(credit.asks.length, 1);
});

test("after an answer of nothing, exact holds are placed for a moment, then credit is asked for again", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  const ask = credit.asks.pop();
  credit.answered("b", { grantId: ask?.grantId ?? "", amountPicoUsd: 0n, windowId: 0n, lifeMs: 0 }, at(5));
  assert.deepEqual(
    credit.askForMissing([B], () => 10n, at(5 + NEAR_MS - 1)),
    [],
  );
  assert.deepEqual(
    credit.askForMissing([B], () => 9n, at(6)),
    ["b"],
    "a smaller request may still find credit",
  );
  assert.deepEqual(
    credit.askForMissing([B], () => 10n, at(5 + NEAR_MS)),
    ["b"],
  );
});

test("an ask that got no answer is repeated under its own id, its life counting from the first time", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  const first = credit.asks.pop();
  credit.unanswered("b", first?.grantId ?? "", true);
  credit.askForMissing([B], () => 20n, at(1_000));
  const second = credit.asks.pop();
  assert.deepEqual(second, first);
  const now = at(1_000);
  credit.answered("b", { grantId: "g1", amountPicoUsd: 50n, windowId: 1n, lifeMs: LIFE_MS }, now);
  assert.ok(credit.cut([B], () => 1n, at(LIFE_MS - 1)));
  assert.equal(
    credit.cut([B], () => 1n, at(LIFE_MS)),
    undefined,
  );
});

test("an ask that was never sent leaves nothing behind", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  credit.unanswered("b", credit.asks.pop()?.grantId ?? "", false);
  credit.askForMissing([B], () => 10n, at(1));
  assert.equal(credit.asks.pop()?.grantId, "g2");
});

test("whichever clock says first that a life is over is right", () => {
  for (const jump of [
    { monotonicMs: LIFE_MS, unixMs: 0 },
    { monotonicMs: 0, unixMs: 1_000_000 + LIFE_MS },
  ]) {
    const credit = makeCredit();
    give(credit, 100n, at(0));
    assert.equal(
      credit.cut([B], () => 1n, jump),
      undefined,
    );
  }
});

test("a recall closes every grant at once and names what was debited", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  credit.cut([B], () => 30n, at(1));
  credit.recall("b", at(2));
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 30n }]);
  assert.equal(
    credit.cut([B], () => 1n, at(3)),
    undefined,
  );
  assert.deepEqual(
    credit.askForMissing([B], () => 1n, at(3)),
    [],
  );
});

test("a grant that was called back before it was answered is closed untouched", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  credit.recall("b", at(1));
  credit.answered("b", { grantId: "g1", amountPicoUsd: 100n, windowId: 1n, lifeMs: LIFE_MS }, at(2));
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 0n }]);
});

test("an ask that got no answer is asked again when its credit is called back, and what it brings is closed untouched", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  const [ask] = credit.asks.splice(0);
  credit.unanswered("b", ask?.grantId ?? "", true);
  credit.recall("b", at(1));
  assert.deepEqual(credit.asks.splice(0), [ask]);
  credit.recall("b", at(2));
  assert.deepEqual(credit.asks, [], "it is on its way");
  credit.answered("b", { grantId: "g1", amountPicoUsd: 100n, windowId: 1n, lifeMs: LIFE_MS }, at(3));
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 0n }]);
});

test("a closing waits for the placement that holds some of its money", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  const { cut, missing } = credit.cutForPlacement([B, C], () => 40n, at(1));
  assert.deepEqual(missing, [C]);
  credit.recall("b", at(2));
  assert.deepEqual(credit.closings, []);
  credit.placementEnded(cut, "refused");
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 0n }]);
});

test("the rest of an older grant that a newer one outdoes goes back", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  credit.cut([B], () => 95n, at(1));
  const ask = credit.asks.pop();
  credit.answered("b", { grantId: ask?.grantId ?? "", amountPicoUsd: 200n, windowId: 7n, lifeMs: LIFE_MS }, at(2));
  const cut = credit.cut([B], () => 20n, at(3));
  assert.equal(cut?.[0]?.grantId, ask?.grantId);
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 95n }]);
});

test("credit of a budget that is gone goes back", () => {
  const credit = makeCredit();
  give(credit, 100n, at(0));
  credit.sweep(at(1), () => false);
  assert.deepEqual(credit.closings, [{ grantId: "g1", debitedPicoUsd: 0n }]);
});

test("a question about a budget that is gone is forgotten with the life of what it asked for, and not before", () => {
  const credit = makeCredit();
  credit.askForMissing([B], () => 10n, at(0));
  const [ask] = credit.asks.splice(0);
  credit.unanswered("b", ask?.grantId ?? "", true);
  const repeated = (ms: number): string | undefined => {
    credit.sweep(at(ms), () => false);
    credit.askForMissing([B], () => 10n, at(ms));
    const [again] = credit.asks.splice(0);
    credit.unanswered("b", again?.grantId ?? "", true);
    return again?.grantId;
  };
  assert.equal(repeated(LIFE_MS), "g1");
  assert.equal(repeated(LIFE_MS + 1), "g2");
});

test("a question that is repeated says the limit as it is by then", () => {
  const credit = makeCredit();
  const limit = (amount: bigint) => ({ amount }) as unknown as LimitDefinition;
  credit.askForMissing([{ ...B, limit: limit(2n) }], () => 1n, at(0));
  const [ask] = credit.asks.splice(0);
  credit.unanswered("b", ask?.grantId ?? "", true);
  credit.askForMissing([{ ...B, limit: limit(9n) }], () => 1n, at(1));
  assert.deepEqual([credit.asks[0]?.grantId, credit.asks[0]?.limit], ["g1", limit(9n)]);
});

// The bank: gives what is asked for, and checks everything that comes back.
class Bank {
  readonly given = new Map<
    string,
    { amount: bigint; endsMs: number; held: bigint; closed: boolean; askedMs: number }
  >();
  /** As the journal would: lines and closings in order. */
  hold(cut: readonly HoldCut[], nowMs: number): void {
    for (const { grantId, amountPicoUsd } of cut) {
      const grant = this.given.get(grantId);
      assert.ok(grant, "a hold is cut from a grant that was given");
      assert.ok(!grant.closed, "no line comes after the closing of its grant");
      assert.ok(nowMs < grant.endsMs, "no hold is cut after the end of its grant's life");
      grant.held += amountPicoUsd;
      assert.ok(grant.held <= grant.amount, "a grant is never overdrawn");
    }
  }
  unhold(cut: readonly HoldCut[]): void {
    for (const { grantId, amountPicoUsd } of cut) {
      const grant = this.given.get(grantId);
      if (grant) grant.held -= amountPicoUsd;
    }
  }
  close(closings: Closing[]): void {
    for (const { grantId, debitedPicoUsd } of closings.splice(0)) {
      const grant = this.given.get(grantId);
      assert.ok(grant && !grant.closed, "a grant is closed once");
      assert.equal(debitedPicoUsd, grant.held, "a closing names exactly what was held");
      grant.closed = true;
    }
  }
}

type Step =
  | { do: "request"; budgets: string[]; amount: bigint }
  | { do: "place"; budgets: string[]; amount: bigint }
  | { do: "settle"; end: "placed" | "refused" | "unknown" }
  | { do: "answer"; part: number; lateMs: number }
  | { do: "lose"; sent: boolean }
  | { do: "recall"; budget: string }
  | { do: "pass"; ms: number; wallJumpMs: number };

const budgetIds = fc.uniqueArray(fc.constantFrom("b", "c", "d"), { minLength: 1, maxLength: 3 });
const amounts = fc.bigInt({ min: 1n, max: 1_000n });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("request" as const), budgets: budgetIds, amount: amounts }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("place" as const), budgets: budgetIds, amount: amounts }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      end: fc.constantFrom("placed" as const, "refused" as const, "unknown" as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("answer" as const), part: fc.nat(4), lateMs: fc.nat(70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), sent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("recall" as const), budget: fc.constantFrom("b", "c", "d") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.nat(20_000),
      wallJumpMs: fc.integer({ min: -30_000, max: 30_000 }),
    }),
  },
);

test("in any order of requests, answers, losses, recalls and clocks, a closing names exactly what was held", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 120 }), (plan) => {
      const bank = new Bank();
      const credit = makeCredit();
      const now = at(0);
      const asks: GrantAsk[] = [];
      const placements: HoldCut[][] = [];
      const firstAskedMs = new Map<string, number>();
      const collect = (): void => {
        for (const ask of credit.asks.splice(0)) {
          if (!firstAskedMs.has(ask.grantId)) firstAskedMs.set(ask.grantId, now.monotonicMs);
          asks.push(ask);
          assert.equal(new Set(asks.map(({ budgetId }) => budgetId)).size, asks.length, "one ask per budget");
        }
        bank.close(credit.closings);
      };
      const answer = (ask: GrantAsk, amount: bigint): void => {
        const endsMs = (firstAskedMs.get(ask.grantId) ?? 0) + LIFE_MS;
        if (amount > 0n) bank.given.set(ask.grantId, { amount, endsMs, held: 0n, closed: false, askedMs: 0 });
        const given = { grantId: ask.grantId, amountPicoUsd: amount, windowId: 1n, lifeMs: LIFE_MS };
        credit.answered(ask.budgetId, given, { ...now });
      };
      for (const step of plan) {
        if (step.do === "request") {
          const budgets = step.budgets.map((id) => ({ id, hard: true, unit: BudgetUnit.UNSPECIFIED }));
          const cut = credit.cut(budgets, () => step.amount, { ...now });
          if (cut) {
            assert.equal(cut.length, budgets.length);
            bank.hold(cut, now.monotonicMs);
          } else credit.askForMissing(budgets, () => step.amount, { ...now });
        } else if (step.do === "place") {
          const budgets = step.budgets.map((id) => ({ id, hard: true, unit: BudgetUnit.UNSPECIFIED }));
          const { cut, missing } = credit.cutForPlacement(budgets, () => step.amount, { ...now });
          assert.equal(cut.length + missing.length, budgets.length);
          bank.hold(cut, now.monotonicMs);
          placements.push(cut);
        } else if (step.do === "settle") {
          const cut = placements.shift();
          if (cut) {
            if (step.end === "refused") bank.unhold(cut);
            credit.placementEnded(cut, step.end);
          }
        } else if (step.do === "answer") {
          const ask = asks.shift();
          if (ask) {
            now.monotonicMs += step.lateMs === 0 ? 0 : step.lateMs % 500;
            answer(ask, (ask.wantPicoUsd * BigInt(step.part)) / 2n);
          }
        } else if (step.do === "lose") {
          const ask = asks.shift();
          if (ask) credit.unanswered(ask.budgetId, ask.grantId, step.sent);
        } else if (step.do === "recall") credit.recall(step.budget, { ...now });
        else {
          now.monotonicMs += step.ms;
          now.unixMs += step.ms + step.wallJumpMs;
          credit.sweep({ ...now }, () => true);
        }
        collect();
      }
      // The end: everything under way comes out, everything goes back.
      credit.closeAll();
      for (const cut of placements) credit.placementEnded(cut, "placed");
      for (const ask of asks.splice(0)) answer(ask, ask.wantPicoUsd);
      collect();
      for (const [grantId, { closed }] of bank.given) assert.ok(closed, `${grantId} was closed`);
    }),
    { numRuns: 500 },
  );
});
