// Rate limits over a router's whole way: cold, warm, used up, given back, and with nobody to ask.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { eventually } from "@waybill/testing";
import type { AskRates, RateAnswers } from "@waybill/wire";
import { EMPTY_SCOPE, type ScopeFacts } from "./core/budget-index.ts";
import type { IndexedRateLimit } from "./core/rate-hand.ts";
import { RateKeeper } from "./rate-keeper.ts";

const FACTS: ScopeFacts = { organisationId: "acme", teamId: "t", userId: "u", keyId: "k", endUserId: "", tags: {} };
const TARGET = { route: "", provider: "p", model: "m" };
const LIMIT: IndexedRateLimit = {
  ...{ id: "l", name: "l", scope: { ...EMPTY_SCOPE, organisationId: "acme" } },
  ...{ unit: "requests", amount: 10, perSeconds: 10, burst: 10 },
};

/** A service that gives at most `room`, and nothing any more then. */
function keeperWith(room: number) {
  const seen: AskRates[] = [];
  const service = { isOpen: true, alone: 0, room };
  const keeper = new RateKeeper({
    async ask(asks): Promise<RateAnswers | undefined> {
      seen.push(asks);
      return {
        answers: asks.asks.map(({ counterId, wants }) => ({
          counterId,
          given: wants.map(({ teamId, waiting }) => {
            const part = Math.min(service.room, Number(waiting));
            service.room -= part;
            return { teamId, given: BigInt(part), waitMs: service.room > 0 ? 0 : 1_000 };
          }),
          level: BigInt(service.room),
          routers: 1,
        })),
      };
    },
    isServiceOpen: () => service.isOpen,
    clock: { monotonicMs: () => performance.now(), unixMs: () => Date.now() },
    hash: (text) => createHash("sha256").update(text).digest("hex"),
    onAlone: () => {
      service.alone += 1;
    },
  });
  keeper.setLimits([LIMIT]);
  return { keeper, seen, service };
}

test("requests of one turn that meet a cold limit ask once, and as many pass as there is room for", async () => {
  const { keeper, seen, service } = keeperWith(3);
  const need = { limits: keeper.match(FACTS, TARGET), teamId: "t", tokens: 0 };
  const ends = Array.from({ length: 5 }, () => {
    assert.equal(keeper.take(need), "wait");
    return keeper.takeWaiting(need, 1_000);
  });
  const refused = (await Promise.all(ends)).filter((end) => end !== undefined);
  assert.equal(refused.length, 2);
  assert.equal(refused[0]?.limitId, "l");
  assert.equal(seen.length, 1);
  // Nobody is asked before there can be room.
  const again = keeper.take(need);
  assert.ok(again !== undefined && again !== "wait" && again.waitMs <= 1_000 && again.waitMs > 900);
  assert.equal(service.alone, 0);
  keeper.stop();
});

test("what was taken for nothing can be taken by the next", async () => {
  const { keeper } = keeperWith(1);
  const need = { limits: keeper.match(FACTS, TARGET), teamId: "t", tokens: 0 };
  assert.equal(keeper.take(need), "wait");
  assert.equal(await keeper.takeWaiting(need, 1_000), undefined);
  keeper.putBack(need);
  assert.equal(keeper.take(need), undefined);
  keeper.stop();
});

test("with nobody to ask it goes on alone, with its own part, and says so", async () => {
  const { keeper, service } = keeperWith(0);
  service.isOpen = false;
  const need = { limits: keeper.match(FACTS, TARGET), teamId: "t", tokens: 0 };
  let passed = 0;
  for (let n = 0; n < 20; n += 1) {
    const taken = keeper.take(need);
    if ((taken === "wait" ? await keeper.takeWaiting(need, 50) : taken) === undefined) passed += 1;
  }
  assert.equal(passed, 10);
  assert.equal(service.alone, 20);
  keeper.stop();
});

test("tokens are taken as estimated and corrected when the attempt is over, once", async () => {
  const { keeper, seen } = keeperWith(1_000);
  keeper.setLimits([{ ...LIMIT, unit: "tokens", amount: 1_000, burst: 1_000 }]);
  const need = { limits: keeper.match(FACTS, TARGET), teamId: "t", tokens: 120 };
  assert.equal(keeper.take(need), "wait");
  assert.equal(await keeper.takeWaiting(need, 1_000), undefined);
  assert.equal(seen[0]?.asks[0]?.wants[0]?.waiting, 120n);
  assert.ok(keeper.sent("a.1", need, "i", 60_000));
  for (let n = 0; n < 2; n += 1) keeper.ended("a.1", 200);
  const owed = (): bigint =>
    seen.flatMap(({ asks }) => asks[0]?.wants[0]?.back ?? 0n).reduce((sum, back) => sum + back, 0n);
  await eventually(() => owed() !== 0n, { timeoutMs: 5_000, reason: "what was more is told" });
  assert.equal(owed(), -80n);
  // Nobody knows how many it were: what was taken stands.
  assert.equal(keeper.take(need), "wait");
  await keeper.takeWaiting(need, 1_000);
  keeper.sent("a.2", need, "i", 60_000);
  keeper.ended("a.2", undefined);
  assert.equal(keeper.sent("a.3", { ...need, limits: [LIMIT] }, "i", 60_000), false);
  keeper.stop();
});

test("places of an ingress that is gone are free, and no others", async () => {
  const { keeper, seen } = keeperWith(2);
  keeper.setLimits([{ ...LIMIT, unit: "concurrency", perSeconds: 0 }]);
  const need = { limits: keeper.match(FACTS, TARGET), teamId: "t", tokens: 0 };
  for (const ingressId of ["i", "j"]) {
    if (keeper.take(need) === "wait") assert.equal(await keeper.takeWaiting(need, 1_000), undefined);
    assert.ok(keeper.sent(`${ingressId}.1`, need, ingressId, 60_000));
  }
  keeper.ingressGone("i");
  const lastOut = (): bigint | undefined => seen.at(-1)?.asks[0]?.wants[0]?.out;
  await eventually(() => lastOut() === 1n, { timeoutMs: 5_000, reason: "one of two is free" });
  assert.deepEqual(keeper.standings(need.limits), []);
  keeper.stop();
});

test("a value of a template's field has a counter of its own", async () => {
  const { keeper, seen } = keeperWith(10);
  keeper.setLimits([{ ...LIMIT, per: "endUserId" }]);
  assert.deepEqual(keeper.match(FACTS, TARGET), []);
  for (const endUserId of ["a", "b"]) {
    const need = { limits: keeper.match({ ...FACTS, endUserId }, TARGET), teamId: "t", tokens: 0 };
    keeper.take(need);
    await keeper.takeWaiting(need, 1_000);
  }
  const asked = seen.flatMap(({ asks }) => asks).filter(({ wants }) => wants.some(({ waiting }) => waiting > 0n));
  assert.equal(new Set(asked.map(({ counterId }) => counterId)).size, 2);
  assert.ok(asked.every(({ limitId }) => limitId === "l"));
  keeper.stop();
});
