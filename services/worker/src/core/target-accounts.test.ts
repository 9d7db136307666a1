// The account that carries a call, and what the end of one means for the others and for the model.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { WeightedAccount } from "./pick-account.ts";
import { type AccountEnd, TargetAccounts, type Wish } from "./target-accounts.ts";

const TWO: WeightedAccount[] = [
  { id: "east", weight: 1 },
  { id: "west", weight: 1 },
];
const wish = (more: Partial<Wish> = {}): Wish => ({
  ...{ provider: "p", model: "m", sessionKey: "", failedAccounts: [] },
  ...more,
});
const end = (account: string, code: AccountEnd["code"], more: Partial<AccountEnd> = {}): AccountEnd => ({
  ...{ ...wish(), account, code, startedMs: 0, retryAfterMs: 0, isFree: true },
  ...more,
});

function idOf(accounts: TargetAccounts, nowMs: number, more: Partial<Wish> = {}, of = TWO): string {
  const picked = accounts.pick(of, wish(more), nowMs);
  return picked.kind === "picked" ? picked.account.id : `cooling ${picked.retryAfterMs}`;
}

test("one account alone is always called, and its provider's wish is passed on as it is", () => {
  const accounts = new TargetAccounts();
  const [only] = TWO.slice(0, 1);
  assert.ok(only);
  const limited = accounts.ended([only], end("east", "upstream_rate_limited", { retryAfterMs: 90_000 }), 0);
  assert.deepEqual(limited, { otherAccount: false, retryAfterMs: 90_000, cooled: undefined });
  assert.equal(idOf(accounts, 1, {}, [only]), "east");
});

test("after a 429 the other account is free, and the model is not to be left alone", () => {
  const accounts = new TargetAccounts();
  const aftermath = accounts.ended(TWO, end("east", "upstream_rate_limited", { retryAfterMs: 5_000 }), 0);
  assert.deepEqual(aftermath, {
    otherAccount: true,
    retryAfterMs: 0,
    cooled: { reason: "rate_limited", forMs: 5_000 },
  });
  assert.deepEqual(
    [1, 2, 3].map((nowMs) => idOf(accounts, nowMs)),
    ["west", "west", "west"],
  );
  assert.deepEqual([...accounts.cooling(1)], [{ provider: "p", model: "m", account: "east", reason: "rate_limited" }]);
  assert.deepEqual(new Set([5_000, 5_001].map((nowMs) => idOf(accounts, nowMs))), new Set(["east", "west"]));
  assert.equal(idOf(accounts, 1, { model: "other", failedAccounts: ["west"] }), "east", "another model is not meant");
});

test("when every account was refused for its rate, nobody is called and the shortest pause is told", () => {
  const accounts = new TargetAccounts();
  accounts.ended(TWO, end("east", "upstream_rate_limited", { retryAfterMs: 20_000 }), 0);
  const last = accounts.ended(TWO, end("west", "upstream_rate_limited", { retryAfterMs: 9_000 }), 1_000);
  assert.deepEqual([last.otherAccount, last.retryAfterMs], [false, 9_000]);
  assert.equal(idOf(accounts, 4_000), "cooling 6000");
  assert.equal(idOf(accounts, 10_000), "west");
});

test("an account that only failed is tried before nobody is; one whose key was refused is not", () => {
  const failing = new TargetAccounts();
  for (let count = 0; count < 3; count += 1) failing.ended(TWO, end("east", "upstream_error"), 0);
  failing.ended(TWO, end("west", "upstream_rate_limited", { retryAfterMs: 20_000 }), 0);
  assert.equal(idOf(failing, 1), "east");
  const refused = new TargetAccounts();
  refused.ended(TWO, end("east", "upstream_auth"), 0);
  const last = refused.ended(TWO, end("west", "upstream_rate_limited", { retryAfterMs: 20_000 }), 0);
  assert.equal(last.retryAfterMs, 20_000);
  assert.equal(idOf(refused, 1), "cooling 19999");
});

test("with all keys refused the first to be tried again is called, as one account alone would be", () => {
  const accounts = new TargetAccounts();
  accounts.ended(TWO, end("west", "upstream_auth"), 0);
  const last = accounts.ended(TWO, end("east", "upstream_auth"), 10);
  assert.deepEqual([last.otherAccount, last.retryAfterMs], [false, 0]);
  assert.equal(idOf(accounts, 20), "west");
});

test("a request that failed at one account goes to the other, though the first is not cooling", () => {
  const accounts = new TargetAccounts();
  const first = accounts.ended(TWO, end("east", "upstream_error"), 0);
  assert.deepEqual([first.otherAccount, first.cooled], [true, undefined]);
  for (let count = 0; count < 4; count += 1) {
    assert.equal(idOf(accounts, 1, { failedAccounts: ["east"] }), "west");
  }
  const second = accounts.ended(TWO, end("west", "upstream_error", { failedAccounts: ["east"] }), 2);
  assert.equal(second.otherAccount, false, "both have failed it");
});

test("what may have been billed, was slow, or was the request's own fault is not sent to another account", () => {
  const accounts = new TargetAccounts();
  assert.equal(accounts.ended(TWO, end("east", "upstream_error", { isFree: false }), 0).otherAccount, false);
  for (const code of ["upstream_timeout", "upstream_rejected", "content_filter", "client_gone", ""] as const) {
    assert.equal(accounts.ended(TWO, end("east", code), 0).otherAccount, false, code);
  }
});

test("a session stays with its account, leaves it while that cools, and comes back", () => {
  const accounts = new TargetAccounts();
  const session = { sessionKey: "o/s" };
  const own = idOf(accounts, 0, session);
  for (let count = 0; count < 5; count += 1) assert.equal(idOf(accounts, 0, session), own);
  accounts.ended(TWO, end(own, "upstream_rate_limited", { retryAfterMs: 1_000 }), 0);
  assert.notEqual(idOf(accounts, 500, session), own);
  assert.equal(idOf(accounts, 1_000, session), own);
});

test("never a cooling account while another is free, and none is forgotten, whatever happens", () => {
  const codes = ["", "upstream_rate_limited", "upstream_auth", "upstream_error", "client_gone"] as const;
  const steps = fc.array(
    fc.record({ code: fc.constantFrom(...codes), afterMs: fc.nat(5_000), retryAfterMs: fc.nat(20_000) }),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 }), steps, (weights, events) => {
      const of = weights.map((weight, index) => ({ id: `a${index}`, weight }));
      const accounts = new TargetAccounts();
      let nowMs = 0;
      for (const { code, afterMs, retryAfterMs } of events) {
        nowMs += afterMs;
        const cooling = new Set([...accounts.cooling(nowMs)].map(({ account }) => account));
        const picked = accounts.pick(of, wish(), nowMs);
        if (picked.kind === "cooling") {
          assert.equal(cooling.size, of.length);
          assert.ok(picked.retryAfterMs > 0 && picked.retryAfterMs <= 60_000);
          continue;
        }
        const { id } = picked.account;
        assert.ok(!cooling.has(id) || cooling.size === of.length);
        const aftermath = accounts.ended(of, end(id, code, { startedMs: nowMs, retryAfterMs }), nowMs);
        if (aftermath.otherAccount) {
          const next = accounts.pick(of, wish({ failedAccounts: [id] }), nowMs);
          assert.ok(next.kind === "picked" && next.account.id !== id);
        }
        if (aftermath.retryAfterMs > 0) assert.equal(accounts.pick(of, wish(), nowMs).kind, "cooling");
      }
      // Long after, every account has its turn again.
      nowMs += 3_600_000;
      const turns = weights.reduce((sum, weight) => sum + weight, 0) * 3;
      const seen = new Set(Array.from({ length: turns }, () => idOf(accounts, nowMs, {}, of)));
      assert.equal(seen.size, of.length);
    }),
  );
});

test("what another worker tells is left alone here too, and nothing of ours changes", () => {
  const accounts = new TargetAccounts();
  const resting = { provider: "p", model: "m", account: "east", forMs: 5_000 };
  accounts.heard(resting, 0);
  assert.deepEqual(
    [1, 2, 4_999].map((nowMs) => idOf(accounts, nowMs)),
    ["west", "west", "west"],
  );
  assert.deepEqual([...accounts.cooling(1)], [], "it is not ours to tell again");
  assert.deepEqual(new Set([5_000, 5_001].map((nowMs) => idOf(accounts, nowMs))), new Set(["east", "west"]));
  accounts.heard({ ...resting, forMs: 1 }, 6_000);
  accounts.heard({ ...resting, account: "west", forMs: 9_000 }, 6_000);
  assert.equal(idOf(accounts, 6_000), "cooling 1", "the shortest is told");
  assert.equal(idOf(accounts, 6_001), "east");
  // One refuses here, the other there: nobody is called.
  const last = accounts.ended(
    TWO,
    end("east", "upstream_rate_limited", { retryAfterMs: 4_000, startedMs: 6_002 }),
    6_002,
  );
  assert.deepEqual([last.otherAccount, last.retryAfterMs], [false, 4_000]);
  // No pause that is told is believed for longer than a minute.
  accounts.heard({ ...resting, model: "long", forMs: 3_600_000 }, 0);
  accounts.heard({ ...resting, model: "long", account: "west", forMs: 3_600_000 }, 0);
  assert.equal(idOf(accounts, 1, { model: "long" }), "cooling 59999");
});
