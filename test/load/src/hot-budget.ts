// One hot organisation: how many exact holds a second its row takes, how many decisions its grants cover, whether the common decision
// notices a Postgres that stands still for two seconds, and whether it notices that ten thousand windows end at one moment. Whole processes,
// real NATS, a Postgres that forces everything to disk.
//   node --conditions=source --import tsx test/load/src/hot-budget.ts [--seconds 8]
import { parseArgs } from "node:util";
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, tokenMetadata } from "@waybill/rpc";
import { makeUuidV7 } from "@waybill/service";
import { eventually } from "@waybill/testing";
import { type BudgetAnswer, type BudgetCall, BudgetServiceClient, JournaledAttempt } from "@waybill/wire";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { fsyncMs } from "./parts/fsync-ms.ts";
import { memoryMib, pidsOfTree } from "./parts/process-usage.ts";
import { openRouterAsker, type RouterAsker } from "./parts/router-asker.ts";
import { addBudgets } from "./parts/three-budgets.ts";
import { type Percentiles, percentiles } from "./percentiles.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "8" } } });
const SECONDS = Number(values.seconds);
const DEADLINE_MS = 5_000;
const HOLDS_IN_FLIGHT = 1_024;
/** Longer than all this takes, so that nothing is reaped beside what is measured. */
const HOLD_LIFE_MS = 3_600_000n;
const ROUTERS = 16;
const GRANTS_IN_FLIGHT = 4;
/** What a request holds: 500 tokens in and 500 out at the prices of the stack. */
const HOLD_PICO_USD = 2_500_000_000n;
/** A grant is for about two seconds of what a router burns; one that decides so many a second asks for this. */
const DECISIONS_PER_GRANT = 2_000n;
const STALL_MS = 2_000;
const COUNTERS = 1_000;
const BUDGETS = 10_000;
const WINDOW_S = 20;
const RATE = 400;

const say = (line: string): void => console.log(line);

await using stack = await startStack({ durable: true, env: { all: { WAYBILL_LOG_LEVEL: "warn" } } });
const key = stack.keys.support_1 ?? "";
await addBudgets(stack, key);
say(`fsync of 8 KiB on this disk: ${(await fsyncMs(stack.folder)).toFixed(2)} ms (mean of 200)`);
await exactHolds(stack);
await grants(stack);
const asker = await openRouterAsker(stack, key);
await stall(stack, asker);
await manyBudgets(stack);
await allWindowsEnd(stack, asker);
asker.stop();

/** As a router's stream to the budget service. */
async function openHolder(on: TestStack, holder: string): Promise<Session<BudgetCall, BudgetAnswer>> {
  const client = new BudgetServiceClient(on.budgetUrls[0] ?? "", plainCredentials, SESSION_CLIENT_OPTIONS);
  const session = new Session<BudgetCall, BudgetAnswer>({
    open: () => client.session(tokenMetadata(on.operatorToken)),
    onOpen: (opened) => void opened.tell(callOf({ $case: "hello", value: { holder } })(0n)),
  });
  await eventually(() => session.isOpen, { reason: "the budget service is there", timeoutMs: 10_000 });
  return session;
}

function callOf(call: BudgetCall["call"]): (correlationId: bigint) => BudgetCall {
  return (correlationId) => ({ correlationId, deadlineMs: DEADLINE_MS, traceparent: "", call });
}

/** Runs `one` in so many lanes for so long; how many a second came to an end. */
async function ratePerSecond(lanes: number, seconds: number, one: (lane: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  const endsMs = startedMs + seconds * 1_000;
  let done = 0;
  const lane = async (n: number): Promise<void> => {
    while (performance.now() < endsMs) {
      await one(n);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, n) => lane(n)));
  return Math.round((done * 1_000) / (performance.now() - startedMs));
}

/** What stands beside a hold until its record comes. */
function journaled(attemptId: string): JournaledAttempt {
  return JournaledAttempt.fromPartial({
    ...{ attemptId, holder: "bench-exact", holdLifeMs: HOLD_LIFE_MS, route: "support", routeVersion: 1 },
    attribution: {
      ...{ organisationId: "acme", organisationName: "Acme", teamId: "support", teamName: "Support" },
      ...{ userId: "ada", userName: "Ada", keyId: "0123456789abcdef", keyName: "notebook" },
    },
    target: { provider: "scripted", model: "scripted-1" },
    price: { version: "2026-11-27" },
  });
}

async function exactHolds(on: TestStack): Promise<void> {
  const session = await openHolder(on, "bench-exact");
  const one = async (): Promise<void> => {
    const attemptId = `${makeUuidV7()}.1`;
    const ask = { budgetId: "bench-organisation", wantPicoUsd: HOLD_PICO_USD, leastPicoUsd: HOLD_PICO_USD };
    const value = {
      ...{ attemptId, holder: "bench-exact", cut: [], lifeMs: HOLD_LIFE_MS, attempt: journaled(attemptId) },
      asks: [{ ...ask, boundedByShare: false, limit: undefined, templateValue: "", templateId: "" }],
    };
    const told = await session.ask(callOf({ $case: "placeHold", value }), DEADLINE_MS);
    if (told.kind !== "answer" || told.answer.answer?.$case !== "hold") throw new Error(`a hold: ${told.kind}`);
    if (told.answer.answer.value.refusal) throw new Error("a hold was refused");
  };
  await ratePerSecond(HOLDS_IN_FLIGHT, 2, one);
  say(
    `${await ratePerSecond(HOLDS_IN_FLIGHT, SECONDS, one)} exact holds/s on one row, each committed, ${HOLDS_IN_FLIGHT} waiting, one budget service`,
  );
  session.stop();
}

async function grants(on: TestStack): Promise<void> {
  const sessions = await Promise.all(
    Array.from({ length: ROUTERS }, (_, n) => openHolder(on, `bench-router-${n}-${makeUuidV7()}`)),
  );
  const amount = HOLD_PICO_USD * DECISIONS_PER_GRANT;
  const one = async (lane: number): Promise<void> => {
    const session = sessions[lane % ROUTERS];
    if (!session) return;
    const grantId = makeUuidV7();
    const value = {
      ...{ grantId, budgetId: "bench-organisation", needPicoUsd: HOLD_PICO_USD, wantPicoUsd: amount },
      ...{ lifeMs: 10_000n, holdLifeMs: 60_000n, limit: undefined, templateValue: "", templateId: "" },
      isReserve: false,
    };
    const told = await session.ask(callOf({ $case: "askGrant", value }), DEADLINE_MS);
    if (told.kind !== "answer" || told.answer.answer?.$case !== "grant") throw new Error(`a grant: ${told.kind}`);
    if (told.answer.answer.value.amountPicoUsd !== amount) throw new Error("a grant was cut");
    // It is given back, so that the row has room again, as a router does that needs it no more.
    const closings = [{ grantId, debitedPicoUsd: 0n }];
    const closed = await session.ask(
      callOf({ $case: "journal", value: { attempts: [], closings, withdrawals: [] } }),
      DEADLINE_MS,
    );
    if (closed.kind !== "answer") throw new Error(`a closing: ${closed.kind}`);
  };
  const rate = await ratePerSecond(ROUTERS * GRANTS_IN_FLIGHT, SECONDS, one);
  say(
    `${rate} grants/s on one row, each given, committed, and closed again, ${ROUTERS} routers: for ${DECISIONS_PER_GRANT} decisions each ` +
      `they cover ${BigInt(rate) * DECISIONS_PER_GRANT} typical decisions/s`,
  );
  for (const session of sessions) session.stop();
}

interface Timed {
  atMs: number;
  tookMs: number;
  outcome: string;
}

/** Decisions at an even rate, whether or not those before are answered, so that a stall cannot hide. */
async function openLoop(
  perSecond: number,
  forMs: number,
  decide: (n: number) => Promise<string>,
): Promise<{ startedMs: number; all: Timed[] }> {
  const startedMs = performance.now();
  const running: Promise<Timed>[] = [];
  for (let n = 0; (n * 1_000) / perSecond < forMs; ) {
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000);
    for (; n <= due; n += 1) {
      const atMs = performance.now() - startedMs;
      running.push(decide(n).then((outcome) => ({ atMs, tookMs: performance.now() - startedMs - atMs, outcome })));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { startedMs, all: await Promise.all(running) };
}

function spread(all: readonly Timed[], fromMs: number, toMs: number): Percentiles & { failed: number } {
  const within = all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const took = Float64Array.from(within.map(({ tookMs }) => tookMs));
  return { ...percentiles([took]), failed: within.filter(({ outcome }) => outcome !== "ok").length };
}

function told({ count, p50, p99, max, failed }: Percentiles & { failed: number }): string {
  return `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, max ${max.toFixed(1)} ms of ${count}, ${failed} not decided`;
}

async function stall(on: TestStack, by: RouterAsker): Promise<void> {
  const decide = (): Promise<string> => by.decide("scripted/scripted-1");
  await openLoop(RATE, 6_000, decide);
  const running = openLoop(RATE, 9_000, decide);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const pids = await pidsOfTree(on.postgres.pid);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, STALL_MS));
  for (const pid of pids) process.kill(pid, "SIGCONT");
  const { all } = await running;
  say(`decisions, ${RATE}/s, before Postgres stands still: ${told(spread(all, 0, 3_000))}`);
  say(`while it stands still for ${STALL_MS} ms: ${told(spread(all, 3_000, 3_000 + STALL_MS))}`);
  say(`afterwards: ${told(spread(all, 3_000 + STALL_MS, 9_000))}`);
}

/** So many budgets of others, each of an end user, in everyone's list. */
async function manyBudgets(on: TestStack): Promise<void> {
  const few = await routerAnew(on);
  await on.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, limit_pico_usd, window_kind, window_seconds)
     SELECT 'many-' || n, 'Many ' || n, 'acme', 'other-' || n, 1e18, 'fixed', $2 FROM generate_series(1, $1) n`,
    [BUDGETS, WINDOW_S],
  );
  await on.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, per, limit_pico_usd, window_kind, window_seconds)
     VALUES ('each', 'Each', 'acme', 'end_user_id', 1e18, 'fixed', $1)`,
    [WINDOW_S],
  );
  const many = await routerAnew(on);
  say(
    `router, ready after ${few.readyMs} ms with ${few.mib} MiB; with ${BUDGETS} budgets after ${many.readyMs} ms with ${many.mib} MiB`,
  );
}

async function routerAnew(on: TestStack): Promise<{ readyMs: number; mib: number }> {
  const [old] = on.of("router");
  if (!old) throw new Error("there is no router");
  await old.terminate();
  const startedMs = performance.now();
  const { pid } = await on.start("router", { inPlaceOf: old });
  const readyMs = Math.round(performance.now() - startedMs);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const mib = await memoryMib({ name: "router", pids: async () => [pid] }, "VmRSS");
  return { readyMs, mib: Math.round(mib) };
}

/** A thousand end users, each with a counter whose window ends at the same moment as all others. */
async function allWindowsEnd(on: TestStack, by: RouterAsker): Promise<void> {
  const decide = (n: number): Promise<string> => by.decide("scripted/scripted-1", `user-${n % COUNTERS}`);
  await eventually(async () => (await decide(0)) === "ok", { reason: "the router is there again", timeoutMs: 20_000 });
  await openLoop(RATE, (COUNTERS / RATE) * 2_000, decide);
  const [{ ends } = { ends: 0 }] = await on.sql<{ ends: number }>(
    `SELECT ((ceil(extract(epoch FROM clock_timestamp()) / ${WINDOW_S}) * ${WINDOW_S} - extract(epoch FROM clock_timestamp())) * 1000)::float8 AS ends`,
  );
  const endsMs = ends < 6_000 ? ends + WINDOW_S * 1_000 : ends;
  const { all } = await openLoop(RATE, endsMs + 5_000, decide);
  say(
    `decisions, ${RATE}/s over ${COUNTERS} counters, the 5 s before all windows end: ${told(spread(all, endsMs - 5_000, endsMs))}`,
  );
  say(`the second after: ${told(spread(all, endsMs, endsMs + 1_000))}`);
  say(`the 4 s after that: ${told(spread(all, endsMs + 1_000, endsMs + 5_000))}`);
}
