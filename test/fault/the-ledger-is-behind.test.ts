// The ledger is away while the records of an hour, made in seconds, wait in USAGE; the budgets have read them, and requests are served. When
// it is back it catches up: nothing is lost, nothing is booked twice, requests go on, and the lag says how far it is.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { eventually } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { ledgerAndBudgetsAgree } from "../stack/books-agree.ts";
import { publishUsage } from "../stack/publish-usage.ts";
import { faultScale, seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { DUMP_SUMS, makeUsageSet } from "../stack/usage-set.ts";

/** About three records each: 200 000 records in earnest. */
const REQUESTS = faultScale() === 1 ? 62_000 : 6_200;
const LIMIT_MS = 300_000;
/** Requests go on at this pace. */
const ASK_EVERY_MS = 50;

let stack: TestStack;
let nc: NatsConnection;
before(async () => {
  stack = await startStack({ replicas: { ledger: 0 } });
  const credentials = stack.nats.credentials("operator");
  nc = await connectBus({ url: stack.nats.url, ...credentials, service: "worker", name: "generator" });
});
after(async () => {
  await nc?.close();
  await stack?.[Symbol.asyncDispose]();
});

interface Asking {
  /** Milliseconds of each answer so far. */
  readonly tookMs: number[];
  /** Throws where one was refused. */
  check(): void;
  stop(): Promise<void>;
}

/** One request after the other, each answered with 200. */
function keepAsking(): Asking {
  const tookMs: number[] = [];
  let isStopped = false;
  const run = async (): Promise<void> => {
    while (!isStopped) {
      const startMs = performance.now();
      const answer = await ask(stack, { script: { inputTokens: 10, outputTokens: 4 }, fields: { max_tokens: 16 } });
      assert.equal(answer.status, 200, await answer.text());
      tookMs.push(performance.now() - startMs);
      await sleep(ASK_EVERY_MS);
    }
  };
  let refusal: unknown;
  const running = run().catch((error: unknown) => {
    refusal = error;
  });
  const check = (): void => {
    if (refusal !== undefined) throw refusal;
  };
  return {
    tookMs,
    check,
    async stop() {
      isStopped = true;
      await running;
      check();
    },
  };
}

async function rowsOf(table: string): Promise<number> {
  return Number((await stack.sql<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`))[0]?.n);
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN).toFixed(1);
}

async function lagOf(metrics: () => Promise<string>): Promise<number> {
  return Number(/^waybill_ledger_usage_lag_records\S* (\d+)/m.exec(await metrics())?.[1] ?? Number.NaN);
}

it("the ledger is away while many records wait: requests are served, and it catches up", async () => {
  const times = [new Date(Date.now() - 12 * 3_600_000)];
  const set = makeUsageSet(seededRandom(1), { requests: REQUESTS, times });
  const publishedAtMs = performance.now();
  await publishUsage(nc, set.messages);
  const publishSeconds = (performance.now() - publishedAtMs) / 1_000;
  await eventually(async () => (await rowsOf("budget.settled_record")) === set.messages.length, {
    ...{ timeoutMs: LIMIT_MS, intervalMs: 200, reason: "the budgets have read them" },
  });
  const asking = keepAsking();
  const servedMeanwhile = (): boolean => {
    asking.check();
    return asking.tookMs.length >= 20;
  };
  await eventually(servedMeanwhile, { timeoutMs: LIMIT_MS, reason: "requests are served meanwhile" });
  const meanwhile = asking.tookMs.length;

  const startedAtMs = performance.now();
  const ledger = await stack.start("ledger");
  let lagMost = 0;
  await eventually(
    async () => {
      const lag = await lagOf(ledger.metrics);
      if (lag > lagMost) lagMost = lag;
      asking.check();
      return (await rowsOf("ledger.usage_record")) >= set.messages.length + meanwhile;
    },
    { timeoutMs: LIMIT_MS, intervalMs: 200, reason: "all that waited is booked" },
  );
  const seconds = (performance.now() - startedAtMs) / 1_000;
  await asking.stop();
  assert.ok(lagMost > 0, "the lag was there to be seen");
  await eventually(async () => (await lagOf(ledger.metrics)) === 0, { timeoutMs: 20_000, reason: "the lag is 0" });

  const calls = stack.provider.log.entries().length;
  assert.equal(calls, asking.tookMs.length, "every request was one call");
  await eventually(async () => (await rowsOf("ledger.attempt")) >= set.attempts + calls, {
    ...{ timeoutMs: 20_000, reason: "the last calls are booked, too" },
  });
  assert.equal(await rowsOf("ledger.attempt"), set.attempts + calls);
  const sums = (await stack.sql<{ line: string }>(DUMP_SUMS)).map(({ line }) => line).sort();
  const ofCalls = sums.filter((line) => line.includes(" scripted/"));
  assert.deepEqual(
    sums.filter((line) => !ofCalls.includes(line)),
    set.sums,
    "what waited is what plain arithmetic says",
  );
  const [spent] = await stack.sql<{ cost: string }>(
    "SELECT trim_scale(sum(cost_usd) * 1000000) AS cost FROM ledger.attempt WHERE provider = 'scripted'",
  );
  assert.equal(Number(spent?.cost), calls * (10 + 4 * 4), "and each call costs what it costs, in millionths of a USD");
  assert.deepEqual(await stack.sql("SELECT * FROM ledger.problem"), []);
  await ledgerAndBudgetsAgree(stack, LIMIT_MS);
  console.log(
    `${set.messages.length} records, put on USAGE in ${publishSeconds.toFixed(1)} s, were booked ${seconds.toFixed(1)} s after the ledger was ` +
      `started; lag seen ${lagMost}, then 0. Requests: p50 ${median(asking.tookMs.slice(0, meanwhile))} ms while it was away, ` +
      `${median(asking.tookMs.slice(meanwhile))} ms while it caught up`,
  );
});
