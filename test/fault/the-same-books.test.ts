// Every record comes 1 to 5 times, shuffled, some after a week, while ledgers are killed at every step of a batch, alone and beside each
// other, and months are closed meanwhile: the books are those of an undisturbed ledger, and what plain arithmetic says.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@waybill/testing";
import { type LedgerAlone, startLedgerAlone } from "../stack/ledger-alone.ts";
import { faultScale, faultSeeds, type SeededRandom, seededRandom } from "../stack/seeds.ts";
import type { ServiceProcess } from "../stack/service-process.ts";
import { DUMP_BOOKS, DUMP_SUMS, makeUsageSet, type UsageSet } from "../stack/usage-set.ts";

/** Every step of a batch, two of which are met by ledgers that run beside each other. */
const STEPS = [
  ["before_insert", "after_commit_before_ack"],
  ["after_records", "before_commit"],
  ["after_dimensions", "after_entries"],
  ["after_mirrors", "before_insert"],
  ["before_park", "after_park_before_ack"],
] as const;
/** Further rounds: killed from outside, at any moment. */
const KILLS = faultScale() === 1 ? 6 : 2;
const ROUNDS = STEPS.length + KILLS;
const COPIES_MAX = 5;
const REQUESTS = faultScale() === 1 ? 3_000 : 400;
const LIMIT_MS = 60_000;

/** Moments of four months: the two before the last are closed on the way. */
const now = new Date();
const monthAgo = (months: number): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 3));
const nameOf = (date: Date): string => date.toISOString().slice(0, 7);
const TIMES = [monthAgo(3), monthAgo(2), monthAgo(1), new Date(now.getTime() - 12 * 3_600_000)];

const text = new TextEncoder();
const POISON_PER_ROUND = 12;

/** What comes in which round: each message first in any of them, and again in later ones, those of the last a week later. */
function deliveriesOf(random: SeededRandom, messages: readonly Uint8Array[]): Uint8Array[][] {
  const rounds: Uint8Array[][] = Array.from({ length: ROUNDS + 1 }, () => []);
  for (const message of messages) {
    const first = random.between(0, ROUNDS);
    rounds[first]?.push(message);
    for (let copy = random.between(1, COPIES_MAX); copy > 1; copy -= 1)
      rounds[random.between(first, ROUNDS)]?.push(message);
  }
  return rounds.map((round) => shuffled(random, round));
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: random.between(0, 1_000_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** All is booked or parked, and acknowledged. */
async function drained(ledgers: LedgerAlone): Promise<void> {
  await eventually(async () => (await ledgers.waiting()) === 0, {
    ...{ timeoutMs: LIMIT_MS, intervalMs: 100, reason: "nothing waits on USAGE" },
  });
}

async function dump(ledgers: LedgerAlone, sql: string): Promise<string[]> {
  return (await ledgers.sql<{ line: string }>(sql)).map(({ line }) => line).sort();
}

async function undisturbed(ledgers: LedgerAlone, set: UsageSet): Promise<string[]> {
  await ledgers.publish(set.messages);
  const one = await ledgers.start({ WAYBILL_LEDGER_BATCH_RECORDS_MAX: "3000" });
  await one.ready();
  await drained(ledgers);
  return dump(ledgers, DUMP_BOOKS);
}

/** Ready, or dead already: what waits for it may have met its failpoint. */
const begun = (ledger: ServiceProcess): Promise<unknown> =>
  Promise.race([ledger.ready().catch(() => undefined), ledger.ended]);

async function dieAt(
  ledgers: LedgerAlone,
  random: SeededRandom,
  steps: readonly string[],
  round: readonly Uint8Array[],
) {
  const dying = await Promise.all(
    steps.map((step) => ledgers.start({ WAYBILL_FAILPOINT: `${step}:${random.between(1, 2)}` })),
  );
  await Promise.all(dying.map(begun));
  await ledgers.publish(round);
  const all = Promise.all(dying.map(({ ended }) => ended)).then(() => true);
  const died = await Promise.race([all, sleep(LIMIT_MS, false, { ref: false })]);
  assert.ok(died, `a ledger never came to ${steps.join(" or ")}`);
}

async function killAtAnyMoment(
  ledgers: LedgerAlone,
  random: SeededRandom,
  round: readonly Uint8Array[],
): Promise<void> {
  const [one, other] = await Promise.all([ledgers.start(), ledgers.start()]);
  await Promise.all([begun(one), begun(other)]);
  await ledgers.publish(round);
  await sleep(random.between(0, 150));
  await one.kill9();
  await sleep(random.between(0, 300));
  await other.kill9();
}

/** As if all that is on the books had come a week ago. */
async function aWeekPasses(ledgers: LedgerAlone): Promise<void> {
  await ledgers.sql("UPDATE ledger.entry SET posted_at = posted_at - interval '7 days'");
  await ledgers.sql("UPDATE ledger.usage_record SET received_at = received_at - interval '7 days'");
  await ledgers.sql("UPDATE ledger.closed_month SET closed_at = closed_at - interval '7 days'");
}

for (const seed of faultSeeds()) {
  describe(`the same books (seed ${seed})`, () => {
    it("whatever comes how often, in which order and however late, and whoever is killed at which step", async () => {
      const random = seededRandom(seed);
      const set = makeUsageSet(random, { requests: REQUESTS, times: TIMES });
      await using quiet = await startLedgerAlone();
      const calm = await undisturbed(quiet, set);
      await using ledgers = await startLedgerAlone();
      const rounds = deliveriesOf(random, set.messages);
      const week = rounds.pop() ?? [];
      let delivered = week.length;
      for (const [index, round] of rounds.entries()) {
        const bad = Array.from({ length: POISON_PER_ROUND }, (_, at) => text.encode(`poison ${index} ${at}`));
        const all = shuffled(random, [...round, ...bad]);
        delivered += all.length;
        const steps = STEPS[index];
        if (steps) await dieAt(ledgers, random, steps, all);
        else await killAtAnyMoment(ledgers, random, all);
      }

      const whole = { WAYBILL_LEDGER_BATCH_RECORDS_MAX: "500" };
      const [one, other] = await Promise.all([ledgers.start(whole), ledgers.start(whole)]);
      await Promise.all([one.ready(), other.ready()]);
      await ledgers.close(nameOf(monthAgo(3)));
      await drained(ledgers);
      await aWeekPasses(ledgers);
      await ledgers.publish(week.slice(0, week.length / 2));
      await ledgers.close(nameOf(monthAgo(2)));
      await ledgers.publish(week.slice(week.length / 2));
      await drained(ledgers);

      const books = await dump(ledgers, DUMP_BOOKS);
      assert.deepEqual(books, set.books, "what the records say by plain arithmetic");
      assert.deepEqual(books, calm, "what an undisturbed ledger has");
      assert.deepEqual(await dump(ledgers, DUMP_SUMS), set.sums, "the sums by day");
      assert.deepEqual(await ledgers.sql("SELECT * FROM ledger.problem"), []);
      assert.equal(await ledgers.parked(), ROUNDS * POISON_PER_ROUND, "each poison is parked once");
      const [late] = await ledgers.sql<{ entries: bigint }>(
        "SELECT count(*) AS entries FROM ledger.entry WHERE accounting_month <> request_month",
      );
      assert.ok((late?.entries ?? 0n) > 0n, "some came after their month was closed");
      console.log(
        `seed ${seed}: ${set.messages.length} records of ${set.attempts} attempts in ${delivered} deliveries, ${2 * ROUNDS} deaths, ` +
          `${late?.entries} entries after their month was closed`,
      );
    });
  });
}
