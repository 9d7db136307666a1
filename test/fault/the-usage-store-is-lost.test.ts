// NATS loses everything it had on disk. What ledger and budgets had read stays booked; what neither had read comes back as `unknown` at the
// whole hold; what only one of them had read is named by its record id, with its cost. What is published again is booked once.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseUsd } from "@waybill/domain";
import { eventually } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { bookedAttempts, budgetBalance } from "../stack/books.ts";
import { RECORDS_OF_ONE_SIDE } from "../stack/books-agree.ts";
import { startLedgerAlone } from "../stack/ledger-alone.ts";
import { faultSeeds, type SeededRandom, seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { DUMP_BOOKS, DUMP_SUMS, makeUsageSet } from "../stack/usage-set.ts";

const LIMIT_MS = 60_000;
/** In earnest: 10 min and 1 min. */
const LIVES = {
  WAYBILL_FIRST_TOKEN_TIMEOUT_MS: "1000",
  WAYBILL_TOTAL_TIMEOUT_MS: "2000",
  WAYBILL_HOLD_MARGIN_MS: "2000",
};
const MAX_TOKENS = 60;

/** The request ids of so many calls that were answered. */
async function call(stack: TestStack, random: SeededRandom, count: number): Promise<Set<string>> {
  const ids = Array.from({ length: count }, async () => {
    const script = { inputTokens: random.between(1, 90), outputTokens: random.between(1, MAX_TOKENS) };
    const answer = await ask(stack, { script, fields: { max_tokens: MAX_TOKENS } });
    assert.equal(answer.status, 200, await answer.text());
    return `${answer.headers.get("x-request-id")}.1`;
  });
  return new Set(await Promise.all(ids));
}

const counts = async (stack: TestStack, sql: string): Promise<number> =>
  Number((await stack.sql<{ n: bigint }>(`SELECT count(*) AS n FROM ${sql}`))[0]?.n);

async function until(isSo: () => Promise<boolean>, reason: string): Promise<void> {
  await eventually(isSo, { timeoutMs: LIMIT_MS, intervalMs: 100, reason });
}

async function wipe({ nats }: TestStack): Promise<void> {
  await nats.kill9();
  await nats.wipe();
  await nats.start();
}

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  describe(`the store of NATS is lost (seed ${seed})`, () => {
    it("a ledger in work goes on, and what is published again is booked once", async () => {
      const hour = 3_600_000;
      const set = makeUsageSet(random, { requests: 400, times: [new Date(Date.now() - 12 * hour)] });
      await using ledgers = await startLedgerAlone();
      const ledger = await ledgers.start();
      await ledger.ready();
      await ledgers.publish(set.messages.slice(0, 300));
      await sleep(random.between(0, 200));
      await ledgers.wipe();
      // Other messages under the same sequence numbers: an ack from before must not touch them.
      await ledgers.publish(set.messages.toReversed());
      await until(async () => (await ledgers.waiting()) === 0, "nothing waits on USAGE");
      const dump = async (sql: string) => (await ledgers.sql<{ line: string }>(sql)).map(({ line }) => line).sort();
      assert.deepEqual(await dump(DUMP_BOOKS), set.books);
      assert.deepEqual(await dump(DUMP_SUMS), set.sums);
      assert.deepEqual(await ledgers.sql("SELECT * FROM ledger.problem"), []);
    });

    it("what one of ledger and budgets had not read is bounded and named, and the calls go on", async () => {
      await using stack = await startStack({
        durable: true,
        env: { router: LIVES, budget: { WAYBILL_REAP_INTERVAL_MS: "300", WAYBILL_REAP_CLOCK_MARGIN_MS: "1000" } },
      });
      const settled = () => counts(stack, "budget.settled_record");
      const booked = () => counts(stack, "ledger.usage_record");
      const [ledger] = stack.of("ledger");
      const [budget] = stack.of("budget");
      assert.ok(ledger && budget);

      const readByBoth = await call(stack, random, 12);
      await until(async () => (await settled()) === 12 && (await booked()) === 12, "both have read them");
      await ledger.kill9();
      const readByBudgets = await call(stack, random, 9);
      await until(async () => (await settled()) === 21, "the budgets have read them");
      await budget.kill9();
      const readByNone = await call(stack, random, 7);
      await wipe(stack);
      const [, again] = await Promise.all([
        stack.start("ledger", { inPlaceOf: ledger }),
        stack.start("budget", { inPlaceOf: budget }),
      ]);

      const afterwards = new Set<string>();
      const served = async (count: number): Promise<void> => {
        for (const id of await call(stack, random, count)) afterwards.add(id);
      };
      await served(4);
      await until(
        async () => (await booked()) === 12 + 7 + 4,
        "what nobody had read is closed, what came later is booked",
      );

      // The router's credit for the calls while nobody gives any.
      const before = await settled();
      await served(9);
      await until(async () => (await settled()) === before + 9, "the budgets have read these, too");
      await again.kill9();
      const readByLedger = await call(stack, random, 5);
      await until(async () => (await booked()) === 12 + 7 + 4 + 9 + 5, "the ledger has read them");
      await wipe(stack);
      await stack.start("budget", { inPlaceOf: again });
      await served(3);
      await until(async () => {
        const { open_holds, held } = await budgetBalance(stack);
        return open_holds === 0n && held === 0n && (await booked()) === 12 + 7 + 4 + 9 + 2 * 5 + 3;
      }, "nothing is held, and everything is closed");

      const attempts = await bookedAttempts(stack);
      const costOf = new Map(attempts.map(({ attempt_id: id, cost_usd }) => [id, parseUsd(cost_usd ?? "0")]));
      const told = new Map(
        stack.provider.log.entries().map(({ attemptId, tokensReported: tokens }) => {
          return [
            attemptId ?? "",
            BigInt(tokens?.inputTokens ?? 0) * 1_000_000n + BigInt(tokens?.outputTokens ?? 0) * 4_000_000n,
          ];
        }),
      );
      const standing = new Map(attempts.map(({ attempt_id: id, source, outcome }) => [id, `${outcome} by ${source}`]));
      for (const id of [...readByBoth, ...readByLedger, ...afterwards]) {
        assert.deepEqual([standing.get(id), costOf.get(id)], ["success by worker", told.get(id)], id);
      }
      for (const id of readByNone) {
        assert.equal(standing.get(id), "unknown by lost", id);
        assert.ok((costOf.get(id) ?? 0n) >= (told.get(id) ?? 0n), `${id} is booked below what it cost`);
      }
      assert.deepEqual(await stack.sql("SELECT * FROM ledger.problem"), []);

      const oneSided = await stack.sql<{ record_id: string; lacked_by: string; cost_usd: string }>(RECORDS_OF_ONE_SIDE);
      const lackedBy = (side: string) =>
        oneSided.filter(({ lacked_by: by }) => by === side).map(({ record_id: id }) => id);
      const ofWorkers = (ids: Iterable<string>) => [...ids].map((id) => `${id}:worker`).sort();
      assert.deepEqual(lackedBy("ledger").sort(), ofWorkers(readByBudgets), "what the ledger lacks is named");
      assert.deepEqual(lackedBy("budget").sort(), ofWorkers(readByLedger), "what the budgets lack is named");
      const lost = oneSided
        .filter(({ lacked_by: by }) => by === "ledger")
        .reduce((sum, { cost_usd }) => sum + parseUsd(cost_usd), 0n);
      const sumOf = (ids: Iterable<string>) => [...ids].reduce((sum, id) => sum + (told.get(id) ?? 0n), 0n);
      assert.equal(lost, sumOf(readByBudgets), "and what it cost, to the pico-USD");
      const ledgerSum = [...costOf.values()].reduce((sum, cost) => sum + cost, 0n);
      assert.ok((await budgetBalance(stack)).posted >= ledgerSum + lost, "budgets never have less");
      console.log(
        `seed ${seed}: ${readByBudgets.size} records lost to the ledger, ${lost} pico-USD; ${readByNone.size} closed as unknown`,
      );
    });
  });
}
