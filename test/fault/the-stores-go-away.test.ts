// nats-server restarts under load; Postgres is away for 20 s under load. Nothing is lost, nothing is booked twice, what is
// refused is refused with a reason, and everything goes on by itself.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { booksAreRight, budgetBalance } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import { startLoad } from "../stack/load.ts";
import { faultSeeds, seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
before(async () => {
  stack = await startStack({
    durable: true,
    env: {
      worker: { WAYBILL_ACK_WAIT_MS: "3000", WAYBILL_INGRESS_SILENT_MS: "2000" },
      ingress: { WAYBILL_WORKER_SILENT_MS: "2000", WAYBILL_CLAIM_TIMEOUT_MS: "4000" },
      budget: { WAYBILL_REAP_INTERVAL_MS: "500" },
    },
  });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** As many attempts as the ledger knows once nothing changes any more; then all the common checks. */
async function settle(): Promise<void> {
  let before = -1n;
  await eventually(
    async () => {
      const [row] = await stack.sql<{ n: bigint }>("SELECT count(*) AS n FROM ledger.attempt");
      const { open_holds } = await budgetBalance(stack);
      const still = row?.n === before && open_holds === 0n;
      before = row?.n ?? -1n;
      return still;
    },
    { timeoutMs: 60_000, intervalMs: 1_000, reason: "the books stand still and nothing is held" },
  );
  await booksAreRight(stack, { attempts: Number(before) });
  await assertBooksAgree(stack, { name: "the stores went away" });
}

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  describe(`the stores go away under load (seed ${seed})`, () => {
    const natsReturns = async (goAway: () => Promise<unknown>): Promise<void> => {
      const load = startLoad(stack, { random, concurrency: 12, model: "dynamic/support" });
      await wait(random.between(1_000, 2_000));
      await goAway();
      const atRestart = load.complete;
      await eventually(() => load.complete > atRestart + 20, {
        timeoutMs: 10_000,
        reason: "it serves again by itself",
      });
      await wait(1_000);
      const result = await load.stop();
      assert.deepEqual(result.holes, []);
      assert.ok(result.complete > 50, `${result.complete} complete`);
      await settle();
    };

    it("nats-server restarts: no answer with a hole, every call booked once, service within seconds", async () => {
      await natsReturns(() => stack.nats.restart());
    });

    it("nats-server is killed and away for up to 1.5 s: the same", async () => {
      await natsReturns(async () => {
        await stack.nats.kill9();
        await wait(random.between(0, 1_500));
        await stack.nats.start();
      });
    });

    it("Postgres is away for 20 s: served from grants in hand or refused with 503, never 402; settled when it returns", async () => {
      const load = startLoad(stack, { random, concurrency: 6 });
      await wait(1_500);
      await stack.stopPostgres();
      await wait(20_000);
      await stack.startPostgresAgain();
      const atReturn = load.complete;
      await eventually(() => load.complete > atReturn + 20, { timeoutMs: 15_000, reason: "it serves again by itself" });
      const result = await load.stop();
      assert.deepEqual(result.holes, []);
      assert.equal(result.broken, 0, "no running stream is cut");
      const codes = [...result.refused.keys()].filter((code) => code !== "budget_unavailable");
      assert.deepEqual(codes, [], `only budget_unavailable is said: ${[...result.refused]}`);
      await settle();
    });
  });
}
