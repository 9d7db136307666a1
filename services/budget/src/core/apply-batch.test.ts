import assert from "node:assert/strict";
import { test } from "node:test";
import { minPicoUsd } from "@waybill/domain";
import fc from "fast-check";
import { limitOf, restOf, unspentOf } from "./allowance.ts";
import { applyBatch } from "./apply-batch.ts";
import { type Books, bringUpToDate, type Window } from "./books.ts";
import type { HoldAsk, Operation } from "./operation.ts";
import {
  askGrant,
  assertCountersTrue,
  closingOf,
  essence,
  journalOf,
  lineOf,
  placeHoldOf,
  recordOf,
  rollingWindow,
  sampleBooks,
  sampleWindow,
} from "./sample-books.test.ts";

const LIMIT = 1_000n;
const amount = fc.bigInt(0n, 400n);
const budget = fc.constantFrom(0, 1);
const grantId = fc.constantFrom("g1", "g2", "g3");
const attemptId = fc.constantFrom("r1.1", "r1.2", "r2.1", "r3.1", "r4.1");
// A grant is of one budget for ever, as in life: the digit decides.
const budgetOfGrant = (grant: string): number => Number(grant.slice(1)) % 2;

const ask = fc
  .tuple(grantId, fc.bigInt(1n, 12n))
  .map(([id, need]) => askGrant(id, need, { budgetId: `b${budgetOfGrant(id)}`, wantPicoUsd: need + 5n }));
const place = fc
  .record({ attemptId, want: amount, both: fc.boolean(), share: fc.boolean(), least: amount })
  .map(({ attemptId, want, both, share, least }) =>
    placeHoldOf(attemptId, want, {
      asks: (both ? [0, 1] : [0]).map((index) => ({
        budgetId: `b${index}`,
        wantPicoUsd: want,
        leastPicoUsd: minPicoUsd(least, want),
        boundedByShare: share,
      })),
    }),
  );
const line = fc
  .tuple(fc.option(grantId, { nil: "" }), amount, budget)
  .map(([grant, cost, index]) => lineOf(grant, cost, grant === "" ? index : budgetOfGrant(grant)));
const fact: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(attemptId, line).map(([id, one]) => journalOf(id, one)),
  fc.tuple(grantId, amount).map(([id, total]) => closingOf(id, total)),
  fc
    .tuple(attemptId, fc.constantFrom("worker", "lost", "ingress", "void"), amount, fc.option(line))
    .map(([id, source, cost, one]) => recordOf(id, source, cost, ...(one ? [one] : []))),
  attemptId.map((id) => ({ kind: "release_attempt", attemptId: id }) as const),
  attemptId.map((id) => ({ kind: "withdraw_hold", attemptId: id, holder: "h" }) as const),
  grantId.map((id) => ({ kind: "reap_grant", grantId: id }) as const),
);
const anything: fc.Arbitrary<Operation> = fc.oneof(ask, place, fact);

const used = (books: Books, id: bigint): bigint => {
  const window = books.windows.get(id);
  assert.ok(window);
  return window.postedPicoUsd + window.heldPicoUsd + window.grantedPicoUsd;
};

test("giving credit never brings posted + held + granted above the limit", () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 40 }), fc.nat(200_000), (operations, stepMs) => {
      const books = sampleBooks(LIMIT, LIMIT / 2n);
      let nowMs = 0;
      for (const operation of operations) {
        const before = [used(books, 0n), used(books, 1n)] as const;
        nowMs += stepMs % 20_000;
        applyBatch(books, [operation], nowMs);
        if (operation.kind !== "ask_grant" && operation.kind !== "place_hold") continue;
        for (const [index, limit] of [LIMIT, LIMIT / 2n].entries()) {
          const after = used(books, BigInt(index));
          assert.ok(after <= limit || after <= (before[index] ?? 0n), `${after} of ${limit}`);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test("whatever happens, every counter equals what its rows say, and nothing is below zero", () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 40 }), (operations) => {
      const books = sampleBooks(LIMIT, LIMIT);
      for (const [index, operation] of operations.entries()) applyBatch(books, [operation], index * 5_000);
      assertCountersTrue(books);
      for (const window of books.windows.values()) {
        assert.ok(window.heldPicoUsd >= 0n && window.grantedPicoUsd >= 0n && window.postedPicoUsd >= 0n);
      }
    }),
    { numRuns: 400 },
  );
});

/** What holders and workers tell of a few attempts: true facts, each attempt with one set of lines. */
const story = fc
  .array(
    fc.record({
      grant: fc.constantFrom("g1", "g3", "unknown"),
      amount: fc.bigInt(1n, 5n),
      journaled: fc.boolean(),
      records: fc.uniqueArray(fc.constantFrom("worker", "lost", "ingress", "void"), { maxLength: 3 }),
      cost: fc.bigInt(0n, 7n),
    }),
    { maxLength: 6 },
  )
  .map((attempts) => {
    const facts: Operation[] = [];
    const totals = new Map<string, bigint>();
    for (const [index, attempt] of attempts.entries()) {
      const id = `r${index}.1`;
      const lines = [lineOf(attempt.grant, attempt.amount, 1)];
      totals.set(attempt.grant, (totals.get(attempt.grant) ?? 0n) + attempt.amount);
      if (attempt.journaled) facts.push(journalOf(id, ...lines));
      for (const [rank, source] of attempt.records.entries()) {
        facts.push(recordOf(id, source, attempt.cost + BigInt(rank), ...lines));
      }
    }
    for (const [grant, total] of totals) facts.push(closingOf(grant, total));
    return facts;
  });

test("journal lines, closings and records end in the same books in any order, however often they come", () => {
  fc.assert(
    fc.property(
      story.chain((facts) =>
        fc.tuple(
          fc.constant(facts),
          fc.shuffledSubarray([...facts, ...facts], { minLength: facts.length * 2, maxLength: facts.length * 2 }),
        ),
      ),
      ([facts, shuffled]) => {
        const ends = [facts, shuffled].map((told) => {
          const books = sampleBooks(100_000n, 100_000n);
          applyBatch(books, [askGrant("g1", 50n, { budgetId: "b1" }), askGrant("g3", 50n, { budgetId: "b1" })], 0);
          for (const [index, operation] of told.entries()) applyBatch(books, [operation], index);
          return essence(books);
        });
        assert.deepEqual(ends[1], ends[0]);
      },
    ),
    { numRuns: 400 },
  );
});

test("one batch decides what its operations one by one would, facts first", () => {
  const books = sampleBooks(10n);
  const answers = applyBatch(
    books,
    [
      placeHoldOf("r1.1", 10n),
      placeHoldOf("r2.1", 1n),
      recordOf("r0.1", "worker", 4n, lineOf("", 4n)),
      placeHoldOf("r3.1", 6n),
    ],
    0,
  );
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["refused", "held", "settled", "refused"],
  );
  assert.equal(used(books, 0n), 5n);
});

test("an attempt without a record is not released, one with a record is", () => {
  const books = sampleBooks(10n);
  applyBatch(books, [placeHoldOf("r1.1", 4n)], 0);
  assert.deepEqual(applyBatch(books, [{ kind: "release_attempt", attemptId: "r1.1" }], 1), [
    { kind: "done", changed: false },
  ]);
  assert.equal(used(books, 0n), 4n);
});

/** Windows of every kind, each with what is left of a raise; a carried one has ended and passes on what settles below its hold. */
const kinds: Record<string, () => Window[]> = {
  fixed: () => [sampleWindow(0, LIMIT)],
  rolling: () => [rollingWindow(0, LIMIT, 60_000)],
  raised: () => [sampleWindow(0, LIMIT)],
  carried: () => {
    const last = { ...sampleWindow(0, LIMIT), carriedInPicoUsd: 60n };
    const old = {
      ...sampleWindow(1, 100n),
      heldPicoUsd: 0n,
      postedPicoUsd: 40n,
      carriedOutPicoUsd: 60n,
      successor: last,
    };
    return [last, old];
  },
};
const RAISE = { byPicoUsd: 200n, untilMs: 60_000 };
const NO_RAISE = { byPicoUsd: 0n, untilMs: 0 };

for (const [kind, windowsOf] of Object.entries(kinds)) {
  test(`credit is given on a ${kind} window only within what its limit is at that moment`, () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 60 }), fc.nat(20_000), (operations, stepMs) => {
        const [window, other = sampleWindow(1, LIMIT)] = windowsOf();
        assert.ok(window);
        const books = sampleBooks(window, other);
        let nowMs = 0;
        for (const operation of operations) {
          nowMs += stepMs;
          bringUpToDate(window, kind === "raised" ? RAISE : NO_RAISE, nowMs);
          const before = used(books, 0n);
          applyBatch(books, [operation], nowMs);
          if (operation.kind !== "ask_grant" && operation.kind !== "place_hold") continue;
          const after = used(books, 0n);
          // What is held in a window that has ended, as a test can do it, takes from what it carried over.
          assert.ok(after <= limitOf(window) || after <= before, `${after} of ${limitOf(window)}`);
        }
        if (kind !== "carried") assertCountersTrue(books);
      }),
      { numRuns: 300 },
    );
  });
}

test("carrying over conserves money: what all windows allow is what they spent and what is left", () => {
  const turn = fc.record({
    holds: fc.array(fc.tuple(fc.bigInt(1n, 60n), fc.bigInt(0n, 60n), fc.boolean()), { maxLength: 5 }),
    late: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 2, maxLength: 8 }), fc.infiniteStream(fc.nat(1_000)), (turns, dice) => {
      const books = sampleBooks();
      const open: { attempt: string; cost: bigint; line: ReturnType<typeof lineOf> }[] = [];
      let last: Window | undefined;
      for (const [index, { holds, late }] of turns.entries()) {
        const next = beginAfter(books, last, index);
        for (const [n, [wanted, cost, settlesNow]] of holds.entries()) {
          const attempt = `r${index}-${n}.1`;
          const [answer] = applyBatch(books, [{ ...placeHoldOf(attempt, wanted), asks: askOf(wanted) }], index);
          if (answer?.kind !== "held") continue;
          const line = { ...lineOf("", wanted), windowId: next.id };
          const costs = minPicoUsd(cost, wanted);
          if (settlesNow) applyBatch(books, [recordOf(attempt, "worker", costs, line)], index);
          else open.push({ attempt, cost: costs, line });
        }
        if (late) settleSome(books, open, dice, index);
        last = next;
      }
      while (open.length > 0) settleSome(books, open, dice, turns.length);
      assertCountersTrue(books);
      const windows = [...books.windows.values()];
      const allowed = BigInt(windows.length) * 100n;
      const spent = windows.reduce((sum, { postedPicoUsd }) => sum + postedPicoUsd, 0n);
      assert.ok(last);
      assert.equal(restOf(last), allowed - spent);
      assert.ok(spent <= allowed);
    }),
    { numRuns: 300 },
  );
});

const askOf = (amount: bigint): HoldAsk[] => [
  { budgetId: "b0", wantPicoUsd: amount, leastPicoUsd: amount, boundedByShare: false },
];

/** The next window of b0, as it is begun in Postgres. */
function beginAfter(books: Books, last: Window | undefined, index: number): Window {
  const window = { ...sampleWindow(0, 100n), id: BigInt(index) };
  if (last) {
    last.carriedOutPicoUsd = unspentOf(last);
    window.carriedInPicoUsd = last.carriedOutPicoUsd;
  }
  books.windows.set(window.id, window);
  books.currentWindows.set("b0", window.id);
  for (const earlier of books.windows.values()) if (earlier !== window) earlier.successor = window;
  return window;
}

function settleSome(
  books: Books,
  open: { attempt: string; cost: bigint; line: ReturnType<typeof lineOf> }[],
  dice: { next(): { value?: unknown } },
  nowMs: number,
): void {
  const [one] = open.splice(Number(dice.next().value) % Math.max(1, open.length), 1);
  if (one) applyBatch(books, [recordOf(one.attempt, "worker", one.cost, one.line)], nowMs);
}
