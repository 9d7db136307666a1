import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "./core/apply-batch.ts";
import type { AnswerTo, Operation } from "./core/operation.ts";
import { askGrant, closingOf, lineOf, placeHoldOf, recordOf, sampleBooks } from "./core/sample-books.test.ts";
import { makeWaitingRoom } from "./inbound/waiting-room.ts";
import { makeWithdrawals } from "./inbound/withdrawals.ts";
import { type PlaceHoldWorld, placeHold } from "./place-hold.ts";

/** The real core on books in memory; time passes only while somebody waits. */
function makeWorld(...limits: bigint[]): PlaceHoldWorld & {
  tell(...facts: Operation[]): void;
  recalled: string[];
  onRecall: () => void;
  recallEnd: "back" | "missing";
  atMs: Map<number, () => void>;
  nowMs: number;
} {
  const books = sampleBooks(...limits);
  const world = {
    nowMs: 0,
    recalled: [] as string[],
    onRecall: () => {},
    recallEnd: "back" as "back" | "missing",
    /** What happens at a time. */
    atMs: new Map<number, () => void>(),
    tell: (...facts: Operation[]) => void applyBatch(books, facts, world.nowMs),
    writer: {
      submit: async <O extends Operation>(operation: O) =>
        applyBatch(books, [operation], world.nowMs)[0] as AnswerTo<O>,
    },
    async recall(budgetIds: readonly string[]) {
      world.recalled.push(...budgetIds);
      world.onRecall();
      return world.recallEnd;
    },
    waitingRoom: makeWaitingRoom(1),
    withdrawals: makeWithdrawals((): number => world.nowMs),
    monotonicMs: () => world.nowMs,
    async pause(durationMs: number) {
      for (let ms = 0; ms < durationMs; ms += 1) {
        world.nowMs += 1;
        world.atMs.get(world.nowMs)?.();
      }
    },
  };
  return world;
}

test("what fits is held at once, with nobody called back", async () => {
  const world = makeWorld(10n);
  assert.equal((await placeHold(world, placeHoldOf("r1.1", 10n), 1_000)).kind, "held");
  assert.deepEqual([world.nowMs, world.recalled.length], [0, 0]);
});

test("what does not fit is held when unspent credit comes back", async () => {
  const world = makeWorld(1_000n);
  world.tell(askGrant("g1", 10n));
  world.onRecall = () => world.tell(closingOf("g1", 0n));
  assert.equal((await placeHold(world, placeHoldOf("r1.1", 1_000n), 1_000)).kind, "held");
  assert.deepEqual(world.recalled, ["b0"]);
});

test("while a holder that may only be slow has not given its credit back, nobody is refused for good", async () => {
  const world = makeWorld(1_000n);
  world.tell(askGrant("g1", 10n));
  world.recallEnd = "missing";
  await assert.rejects(placeHold(world, placeHoldOf("r1.1", 1_000n), 1_000), { code: "budget_unavailable" });
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 990n), 1_000)).kind, "held", "what fits beside it is held");
  world.recallEnd = "back";
  assert.equal((await placeHold(world, placeHoldOf("r3.1", 1_000n), 1_000)).kind, "refused", "a dead one's is gone");
});

test("what the budget of another round turns out to lack is called back, too, and nothing twice", async () => {
  const world = makeWorld(1_000n, 1_000n);
  const asks = [0, 1].map((n) => ({
    ...{ budgetId: `b${n}`, wantPicoUsd: 995n, leastPicoUsd: 995n },
    boundedByShare: false,
  }));
  world.tell(askGrant("g0", 10n));
  world.onRecall = () => {
    if (world.recalled.length > 1) return;
    world.tell(closingOf("g0", 0n), askGrant("g1", 10n, { budgetId: "b1" }));
  };
  const answer = await placeHold(world, placeHoldOf("r1.1", 0n, { asks }), 1_000);
  assert.deepEqual([answer.kind, world.recalled], ["refused", ["b0", "b1"]]);
});

test("a refusal that took longer than credit is stopped for is not given as certain", async () => {
  const world = makeWorld(1_000n);
  world.tell(askGrant("g1", 10n));
  world.onRecall = () => {
    world.nowMs += 2_001;
  };
  await assert.rejects(placeHold(world, placeHoldOf("r1.1", 1_000n), 60_000), { code: "budget_unavailable" });
});

test("what its asker goes without is not placed any more, though it waits", async () => {
  const world = makeWorld(10n);
  world.tell(placeHoldOf("r1.1", 8n));
  const place = placeHoldOf("r2.1", 5n);
  world.atMs.set(30, () => world.withdrawals.add(place));
  world.atMs.set(50, () => world.tell(recordOf("r1.1", "worker", 1n, lineOf("", 8n))));
  await assert.rejects(placeHold(world, place, 1_000), { code: "budget_unavailable" });
  assert.equal(world.nowMs, 40);
});

test("a refusal waits for a record that makes room, and not a moment longer", async () => {
  const world = makeWorld(10n);
  world.tell(placeHoldOf("r1.1", 8n));
  world.atMs.set(75, () => world.tell(recordOf("r1.1", "worker", 1n, lineOf("", 8n))));
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 5n), 1_000)).kind, "held");
  assert.equal(world.nowMs, 80);
});

test("a refusal that no record can help comes at once; one that a running call stands in the way of, after 250 ms", async () => {
  const world = makeWorld(10n);
  world.tell(placeHoldOf("r1.1", 8n));
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 11n), 1_000)).kind, "refused");
  assert.equal(world.nowMs, 0);
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 5n), 1_000)).kind, "refused");
  assert.equal(world.nowMs, 260);
});

test("a refusal comes before the deadline", async () => {
  const world = makeWorld(10n);
  world.tell(placeHoldOf("r1.1", 8n));
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 5n), 100)).kind, "refused");
  assert.ok(world.nowMs <= 80);
});

test("when too many wait, a refusal comes at once", async () => {
  const world = makeWorld(10n);
  world.tell(placeHoldOf("r1.1", 8n));
  assert.equal(world.waitingRoom.enter(), true);
  assert.equal((await placeHold(world, placeHoldOf("r2.1", 5n), 1_000)).kind, "refused");
  assert.equal(world.nowMs, 0);
});
