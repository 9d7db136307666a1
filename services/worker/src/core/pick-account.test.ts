// Shares by weight, in turn and by session.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { preferredOf, Turns, type WeightedAccount } from "./pick-account.ts";

const accountsOf = (...weights: number[]): WeightedAccount[] =>
  weights.map((weight, index) => ({ id: `a${index}`, weight }));
const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 64 });

test("turns are spread out, not one account's in a row", () => {
  const turns = new Turns();
  const accounts = accountsOf(3, 1);
  const picked = Array.from({ length: 8 }, () => turns.next(accounts).id);
  assert.deepEqual(picked, ["a0", "a0", "a1", "a0", "a0", "a0", "a1", "a0"]);
});

test("over a whole round every account has exactly its weight", () => {
  const small = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(small, (given) => {
      const [turns, accounts] = [new Turns(), accountsOf(...given)];
      const counts = new Map<string, number>();
      const total = given.reduce((sum, weight) => sum + weight, 0);
      for (let turn = 0; turn < total; turn += 1) {
        const { id } = turns.next(accounts);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      assert.deepEqual(
        accounts.map(({ id }) => counts.get(id)),
        given,
      );
    }),
  );
});

test("nobody starves or falls far behind, whoever is left out for a while", () => {
  fc.assert(
    fc.property(weights, fc.array(fc.nat(63), { maxLength: 200 }), (given, leftOut) => {
      const [turns, accounts] = [new Turns(), accountsOf(...given)];
      for (const index of leftOut) {
        const free = accounts.filter((_, at) => at !== index % accounts.length);
        const picked = turns.next(free.length === 0 ? accounts : free);
        assert.ok(free.length === 0 || free.includes(picked), "only of those that were asked about");
      }
      // From here on all are free: within the rounds that a debt of one round takes, each has its turn.
      const total = given.reduce((sum, weight) => sum + weight, 0);
      const seen = new Set<string>();
      for (let turn = 0; turn < Math.min(3 * total, 200_000) && seen.size < accounts.length; turn += 1) {
        seen.add(turns.next(accounts).id);
      }
      assert.equal(seen.size, accounts.length);
    }),
    { numRuns: 30 },
  );
});

test("a session stays where it is, and moves only when its own account is left out", () => {
  fc.assert(
    fc.property(weights, fc.string(), fc.nat(63), (given, session, index) => {
      const accounts = accountsOf(...given);
      const preferred = preferredOf(accounts, session);
      assert.equal(preferredOf([...accounts].reverse(), session), preferred);
      const others = accounts.filter((_, at) => at !== index % accounts.length);
      if (others.includes(preferred)) assert.equal(preferredOf(others, session), preferred);
    }),
  );
});

test("over many sessions each account has its share by weight", () => {
  const accounts = accountsOf(5, 3, 2);
  const counts = new Map<string, number>();
  for (let session = 0; session < 20_000; session += 1) {
    const { id } = preferredOf(accounts, `session-${session}`);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const { id, weight } of accounts) {
    const share = (counts.get(id) ?? 0) / 20_000;
    assert.ok(Math.abs(share - weight / 10) < 0.02, `${id} has ${share}`);
  }
});
