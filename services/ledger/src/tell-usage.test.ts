// What others hear, on a real Postgres: whoever sums the events has the sums of the books, whatever came in which order; and whoever stops
// at any place goes on there.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { formatUsd, parseUsd } from "@waybill/domain";
import { connectOnce, openPool, type Pool } from "@waybill/store";
import { migrationsOf, seededRandom, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { cutEvents } from "./core/event-page.ts";
import { positionAt } from "./core/event-position.ts";
import { planEntries } from "./core/plan-entries.ts";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { readEntries } from "./outbound/booked-entries.ts";
import { eventTurns } from "./outbound/event-turns.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import type { Books } from "./ports.ts";
import { type TellUsagePorts, tellUsage } from "./tell-usage.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let books: Books;

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 6 });
  books = postgresBooks(pool);
});
beforeEach(async () => {
  await owner.query(
    "TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month",
  );
});
after(async () => {
  await pool.end();
  await owner.end();
  await database.stop();
});

interface Event {
  id: string;
  time: string;
  // A test looks into all of it.
  // biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
  data: any;
}

async function book(facts: readonly UsageFact[]): Promise<void> {
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
}

/** Everything from a time on, in pages of `limit`. */
async function replay(limit: number, fromMs = 0, organisationId = "", untilMs?: number): Promise<Event[]> {
  const events: Event[] = [];
  let position = positionAt(fromMs);
  for (;;) {
    const page = cutEvents(await readEntries(pool, { after: position, untilMs, limit, organisationId }), limit);
    for (const event of page.events) events.push(JSON.parse(event));
    position = page.next;
    if (!page.more) return events;
  }
}

/** A bus that remembers by id, as a stream does within its window. */
function portsOf(onBus: Map<string, string>, changes: Partial<TellUsagePorts> = {}): TellUsagePorts {
  return {
    takeTurn: eventTurns(pool, Date.now),
    publish: async ({ id, text }) => {
      onBus.set(id, text);
      return true;
    },
    failpoint: () => undefined,
    ...changes,
  };
}

const SOURCES = ["void", "ingress", "lost", "worker"] as const;
const OUTCOMES = ["success", "partial", "failed_free", "failed_billed", "unknown"] as const;

/** Records of `attempts` attempts, up to four of each, priced and not, of several teams; the same for the same seed. */
function someFacts(seed: number, attempts: number): UsageFact[] {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const facts: UsageFact[] = [];
  for (let index = 0; index < attempts; index += 1) {
    const organisationId = pick(["acme", "other", ""]);
    for (const source of SOURCES.filter(() => random() < 0.6)) {
      const priced = random() < 0.8;
      facts.push(
        sampleFact({
          ...sampleRequest(index),
          ...{
            source,
            priced,
            outcome: pick(OUTCOMES),
            costPicoUsd: priced ? BigInt(Math.floor(random() * 1e12)) : 0n,
          },
          ...{ attempt: 1 + Math.floor(index % 3), simulated: false, tokenSource: pick(["provider", "worst_case"]) },
          tokens: { ...sampleFact().tokens, output: BigInt(5 + Math.floor(random() * 1_000)) },
          attribution: {
            ...sampleFact().attribution,
            organisationId,
            teamId: pick(["a", "b"]),
            tags: { 'q"': "\u2028" },
          },
        }),
      );
    }
  }
  return facts.sort(() => random() - 0.5);
}

for (const seed of [1, 2, 3]) {
  test(`whoever sums the events has the ledger's sums, by anything (seed ${seed})`, async () => {
    const facts = someFacts(seed, 120);
    for (let from = 0; from < facts.length; from += 37) await book(facts.slice(from, from + 37));
    await book(facts);
    const events = await replay(50);
    const sums = new Map<string, { attempts: number; unpriced: number; output: number; pico: bigint }>();
    for (const { data } of events) {
      const key = `${data.organisation_id}/${data.team_id}/${data.outcome}`;
      const sum = sums.get(key) ?? { attempts: 0, unpriced: 0, output: 0, pico: 0n };
      sums.set(key, sum);
      sum.attempts += data.sign;
      sum.output += data.output_tokens;
      if (data.cost_usd === null) sum.unpriced += data.sign;
      else sum.pico += parseUsd(data.cost_usd);
    }
    const { rows } = await owner.query(
      `SELECT organisation_id || '/' || team_id || '/' || outcome AS key, sum(attempts)::int AS attempts,
         sum(unpriced_attempts)::int AS unpriced, sum(output_tokens)::int AS output, sum(s.cost_usd)::text AS cost
       FROM ledger.usage_day s JOIN ledger.attribution a ON a.id = s.attribution_id GROUP BY 1`,
    );
    assert.deepEqual(
      new Map([...sums].map(([key, { pico, ...sum }]) => [key, { ...sum, cost: formatUsd(pico) }])),
      new Map(rows.map(({ key, cost, ...sum }) => [key, { ...sum, cost: formatUsd(parseUsd(cost)) }])),
    );
    const { rows: entries } = await owner.query(
      "SELECT count(*)::int AS count, sum(sign)::int AS attempts FROM ledger.entry",
    );
    assert.equal(events.length, entries[0]?.count);
    assert.ok(events.length > entries[0]?.attempts, "some were corrected");
    assert.ok(events.some(({ data }) => data.cost_usd === null));
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  });
}

test("a replay gives the same events whatever the size of its pages, from any time, and of one organisation", async () => {
  const facts = someFacts(4, 60);
  await book(facts.slice(0, 40));
  const between = (await owner.query("SELECT clock_timestamp() AS at, pg_sleep(0.005)")).rows[0]?.at.getTime() + 2;
  await book(facts.slice(40));
  const whole = await replay(1_000);
  for (const limit of [1, 7, 50]) assert.deepEqual(await replay(limit), whole);
  assert.deepEqual(
    whole.map(({ time }) => time),
    whole.map(({ time }) => time).sort(),
  );
  const late = whole.filter(({ time }) => Date.parse(time) >= between);
  assert.ok(late.length > 0 && late.length < whole.length);
  assert.deepEqual(await replay(7, between), late);
  assert.deepEqual(await replay(7, 0, "", between), whole.slice(0, whole.length - late.length));
  assert.deepEqual(
    await replay(7, 0, "acme"),
    whole.filter(({ data }) => data.organisation_id === "acme"),
  );
  const others = await readEntries(pool, {
    after: positionAt(0),
    untilMs: undefined,
    limit: 500,
    organisationId: "nobody",
  });
  assert.deepEqual([others.entries.length, others.next.requestId], [0, "ffffffff-ffff-ffff-ffff-ffffffffffff"]);
});

test("a batch is booked after every other, also where the clock was set back", async () => {
  await book([sampleFact()]);
  await owner.query("UPDATE ledger.entry SET posted_at = clock_timestamp() + interval '1 hour'");
  const seen = (await replay(10)).at(-1)?.time ?? "";
  await book([sampleFact({ ...sampleRequest(1) }), sampleFact({ ...sampleRequest(2) })]);
  const times = (await replay(10)).map(({ time }) => time);
  assert.equal(times.length, 3);
  assert.ok(
    times.slice(1).every((time) => time > seen),
    times.join(),
  );
});

test("the bus is told once for each entry, goes on where it stopped, and repeats what nobody confirmed", async () => {
  const onBus = new Map<string, string>();
  await book(someFacts(5, 40));
  await assert.rejects(tellUsage(portsOf(onBus, { publish: async ({ id }) => !id.endsWith(".1") })), /did not confirm/);
  const dying = () => Promise.reject(new Error("dead"));
  await assert.rejects(tellUsage(portsOf(onBus, { failpoint: dying })), /dead/);
  const afterDeath = onBus.size;
  assert.ok(afterDeath > 0);
  const again: string[] = [];
  const told = await tellUsage(
    portsOf(onBus, {
      publish: async ({ id }) => {
        again.push(id);
        return true;
      },
    }),
  );
  assert.equal(told?.events, again.length);
  assert.deepEqual(again, [...onBus.keys()], "what the dead one had told comes again, under the same ids");
  assert.deepEqual(await tellUsage(portsOf(onBus)), { events: 0, lastPostedAtMs: undefined, more: false });
  await book([sampleFact({ ...sampleRequest(500) })]);
  const next = new Map<string, string>();
  assert.equal((await tellUsage(portsOf(next)))?.events, 1);
  assert.deepEqual(
    [...next.values()].map((text) => JSON.parse(text)),
    (await replay(10)).slice(-1),
  );
});

test("of several ledgers one tells at a time, and what the bus would have forgotten is not told", async () => {
  await book([sampleFact()]);
  const onBus = new Map<string, string>();
  let other: unknown = "not asked";
  await tellUsage(
    portsOf(onBus, {
      publish: async ({ id, text }) => {
        other = await tellUsage(portsOf(new Map()));
        onBus.set(id, text);
        return true;
      },
    }),
  );
  assert.deepEqual([onBus.size, other], [1, undefined]);
  await book([sampleFact({ ...sampleRequest(1) })]);
  const inEightDays = (): number => Date.now() + 8 * 86_400_000;
  const told = await tellUsage(portsOf(onBus, { takeTurn: eventTurns(pool, inEightDays) }));
  assert.deepEqual([told?.events, onBus.size], [0, 1]);
});
