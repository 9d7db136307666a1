// A thousand requests at once on a hard budget that affords 37, and on one that affords 600, over three ingresses, two routers and two
// budget services, with and without kill -9 in the middle: the limit is never passed, and what it affords is served.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { Race, type RaceBudget } from "../stack/hard-budget.ts";
import { faultSeeds, type SeededRandom, seededRandom } from "../stack/seeds.ts";
import type { ServiceProcess } from "../stack/service-process.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { unbudgetedKey } from "../stack/unbudgeted-key.ts";

const CLIENTS = 1_000;
/** So few that every hold is placed exactly; and so many that routers hold from credit ahead of need, until the last hundred. */
const FEW = 37n;
const MANY = 600n;
const SEEDS = faultSeeds(3);
/**
 * Lives are short, so that what a dead holder had is back soon. In earnest: 1 min, and 10 min with a margin of 1. A thousand calls at once
 * take seconds on a busy machine, and one that timed out would be the provider's failure.
 */
const LIVES = { WAYBILL_GRANT_LIFE_MS: "2000", WAYBILL_TOTAL_TIMEOUT_MS: "8000", WAYBILL_HOLD_MARGIN_MS: "1000" };
const BACK_LIMIT_MS = 60_000;

let stack: TestStack;
let race: Race;
/** One for each race, by its name. */
let budgets: Map<string, RaceBudget>;

before(async () => {
  stack = await startStack({
    ...{ durable: true, spread: true, replicas: { ingress: 3, router: 2, budget: 2 } },
    env: {
      router: LIVES,
      budget: { WAYBILL_REAP_INTERVAL_MS: "300", WAYBILL_REAP_CLOCK_MARGIN_MS: "1000" },
      worker: { WAYBILL_ACK_WAIT_MS: "3000", WAYBILL_INGRESS_SILENT_MS: "2000" },
    },
  });
  race = new Race(stack, await unbudgetedKey(stack));
  const affords = SEEDS.flatMap((seed) => [
    ...[FEW, MANY].map((afforded) => [`calm-${afforded}-${seed}`, afforded] as const),
    [`killed-${seed}`, seed % 2 === 0 ? MANY : FEW] as const,
  ]);
  budgets = await race.makeBudgets(Object.fromEntries(affords), await race.measureCall());
});
after(() => stack[Symbol.asyncDispose]());

function budgetNamed(id: string): RaceBudget {
  return budgets.get(id) ?? assert.fail(`there is no budget ${id}`);
}

/** The provider's own count since its log was cleared. */
function callsAtProvider(): number {
  const calls = stack.provider.log.entries().map(({ attemptId }) => attemptId);
  assert.equal(new Set(calls).size, calls.length, "no attempt is called twice");
  return calls.length;
}

/** Every holder has given back what it had, dead ones too, and both sets of books say the same. */
async function settled(budget: RaceBudget): Promise<bigint> {
  let seen = "";
  await eventually(
    async () => {
      const { posted, held, granted } = await race.counters(budget);
      const ledger = await race.ledgerPicoUsd(budget);
      seen = `posted ${posted}, held ${held}, granted ${granted}, ledger ${ledger}`;
      return held === 0n && granted === 0n && posted === ledger;
    },
    { reason: "held and granted are 0, posted is the ledger's sum", timeoutMs: BACK_LIMIT_MS, intervalMs: 200 },
  ).catch((error: unknown) => {
    throw new Error(seen, { cause: error });
  });
  const { posted } = await race.counters(budget);
  assert.ok(posted <= budget.limitPicoUsd, `${posted} of ${budget.limitPicoUsd}`);
  return posted;
}

const countOf = (statuses: readonly number[], status: number): number =>
  statuses.filter((each) => each === status).length;

/** A failure says where the money was. */
async function explained<T>(budget: RaceBudget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    console.log(await race.describe(budget).catch(String));
    throw error;
  }
}

/** Of every race, once it is over; what dead holders had comes back to all of them in the same time. */
const raced: { budget: RaceBudget; called: number; story: string }[] = [];

for (const seed of SEEDS) {
  const random = seededRandom(seed);
  describe(`a thousand requests on a budget for fewer (seed ${seed})`, () => {
    for (const afforded of [FEW, MANY]) {
      it(`exactly ${afforded} are served`, async () => {
        const budget = budgetNamed(`calm-${afforded}-${seed}`);
        stack.provider.log.clear();
        await explained(budget, async () => {
          const statuses = await race.run(budget, CLIENTS, random);
          assert.equal(countOf(statuses, 200), Number(afforded));
          assert.equal(countOf(statuses, 402), CLIENTS - Number(afforded));
          assert.equal(callsAtProvider(), Number(afforded));
        });
        raced.push({ budget, called: Number(afforded), story: `seed ${seed}, without kills` });
      });
    }

    it("with kill -9 of a router, a budget service and Postgres never more, and every client has an answer", async () => {
      const budget = budgetNamed(`killed-${seed}`);
      // Records of the race before would end a budget service at its point while it is still starting.
      const last = raced.at(-1)?.budget;
      if (last)
        await eventually(async () => (await race.counters(last)).held === 0n, { reason: "the last race is settled" });
      const afforded = Number(budget.afforded);
      const { victims, story } = await doomed(random);
      stack.provider.log.clear();
      const statuses = await explained(budget, async () => {
        const racing = race.run(budget, CLIENTS, random);
        await Promise.all([racing, dieInTheMiddle(victims, random)]);
        return racing;
      });
      const called = callsAtProvider();
      assert.ok(called <= afforded, `${called} calls`);
      assert.ok(countOf(statuses, 200) <= called);
      assert.equal(countOf(statuses, 200) + countOf(statuses, 402), CLIENTS);
      raced.push({ budget, called, story: `seed ${seed}, ${story}` });
    });
  });
}

it("when dead holders' credit has expired, what is still affordable is served, and the money is gone to the last pico-dollar", async () => {
  assert.equal(raced.length, 3 * SEEDS.length);
  await Promise.all(
    raced.map(async ({ budget, called, story }, index) => {
      const random = seededRandom(index);
      const posted = await settled(budget);
      const left = Number((budget.limitPicoUsd - posted) / budget.callPicoUsd);
      for (let more = 0; more < left; more += 1) assert.equal(await race.untilAnswered(budget.id, more, random), 200);
      assert.equal(await race.untilAnswered(budget.id, left, random), 402);
      assert.ok(called + left <= Number(budget.afforded), `${called} and ${left} of ${budget.afforded}`);
      assert.equal(await settled(budget), budget.limitPicoUsd);
      console.log(`${story}: ${called} of ${budget.afforded} in the race, ${left} afterwards`);
    }),
  );
});

/** Where a router and a budget service may be when they die; the number says at which time that they come by. */
const ROUTER_POINTS = ["after_hold_before_answer", "before_journal"] as const;
const BUDGET_POINTS = [
  ...["before_commit", "after_commit_before_answer", "settle_before_commit", "settle_after_commit_before_ack"],
] as const;
const DIES_WITHIN_MS = 3_000;

/** A router and a budget service, each of which will die at a point of its work. */
async function doomed(random: SeededRandom): Promise<{ victims: ServiceProcess[]; story: string }> {
  const victims: ServiceProcess[] = [];
  const points: string[] = [];
  for (const [name, list, nthMax] of [["router", ROUTER_POINTS, 12] as const, ["budget", BUDGET_POINTS, 3] as const]) {
    const point = `${random.pick<string>(list)}:${random.between(1, nthMax)}`;
    const before = random.pick(stack.of(name));
    await before.kill9();
    victims.push(await stack.start(name, { inPlaceOf: before, env: { WAYBILL_FAILPOINT: point } }));
    points.push(`${name} ${point}`);
  }
  return { victims, story: points.join(", ") };
}

/** Whoever does not die by itself is killed; each is started again at once, as a supervisor would. Postgres dies, too. */
async function dieInTheMiddle(victims: readonly ServiceProcess[], random: SeededRandom): Promise<void> {
  const restarts = victims.map(async (victim) => {
    await Promise.race([victim.ended, pause(DIES_WITHIN_MS)]);
    await victim.kill9();
    await stack.start(victim.name as "router" | "budget", { inPlaceOf: victim });
  });
  const postgres = async (): Promise<void> => {
    await pause(random.between(0, 500));
    await stack.postgres.kill9();
    await stack.startPostgresAgain();
  };
  await Promise.all([...restarts, postgres()]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
