// The service as a process of its own on a real NATS and a real Postgres, asked as a router and an ingress ask it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { connectBus, declareStream, type NatsConnection, Publisher, sightConsumer, watchBucket } from "@waybill/bus";
import { attemptId, parseVirtualKey, recordId } from "@waybill/domain";
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, tokenMetadata } from "@waybill/rpc";
import { makeUuidV7 } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import {
  eventually,
  freePort,
  migrationsOf,
  startTcpProxy,
  startTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from "@waybill/testing";
import {
  AccountServiceClient,
  AttemptOutcome,
  BUCKETS,
  type Budget,
  type BudgetAnswer,
  type BudgetCall,
  BudgetServiceClient,
  BudgetUnit,
  GrantRecall,
  type HoldLine,
  JournaledAttempt,
  RecordSource,
  STREAMS,
  type Standing,
  subjects,
  TokenSource,
  UsageRecord,
} from "@waybill/wire";
import { seedDemo } from "./outbound/seed-demo.ts";

const NO_COUNTER = { limit: undefined, isReserve: false, templateId: "", templateValue: "" };
const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const TOKENS = { ingress: "ingress-token", router: "router-token", operator: "operator-token" };
const READY_LIMIT_MS = 30_000;

let nats: TestNats;
let database: TestDatabase;
let owner: Pool;
let operator: NatsConnection;
let keys: Record<string, string>;

before(async () => {
  nats = await startTestNats();
  database = await startTestDatabase({ migrations: [migrationsOf("budget")] });
  owner = openPool({ url: database.ownerUrl, applicationName: "test-owner", connectionsMax: 2 });
  keys = await seedDemo(database.ownerUrl);
  const { user, password } = nats.credentials("operator");
  operator = await connectBus({ url: nats.url, user, password, service: "ingress", name: "test-operator" });
  await declareStream(operator, STREAMS.work);
  await declareStream(operator, STREAMS.usage);
});

after(async () => {
  await operator.close();
  await owner.end();
  await database.stop();
  await nats.stop();
});

interface RunningBudget {
  address: string;
  child: ChildProcess;
  /** Resolves when the process is gone. */
  gone: Promise<unknown>;
  waitUntilReady(): Promise<void>;
  /** What readiness says. */
  waitsFor(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

async function startBudget(environment: Record<string, string> = {}): Promise<RunningBudget> {
  const [grpcPort, healthPort] = [await freePort(), await freePort()];
  const { user, password } = nats.credentials("budget");
  const accepted = Object.entries(TOKENS).map(
    ([name, token]) => `${name}=${createHash("sha256").update(token).digest("hex")}`,
  );
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", MAIN], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH ?? "",
      NATS_URL: nats.url,
      NATS_USER: user,
      NATS_PASSWORD: password,
      DATABASE_URL: database.urlAs("waybill_budget"),
      WAYBILL_HEALTH_PORT: String(healthPort),
      WAYBILL_GRPC_PORT: String(grpcPort),
      WAYBILL_ACCEPTED_TOKENS: accepted.join(","),
      WAYBILL_DRAIN_LIMIT_MS: "2000",
      WAYBILL_REAP_INTERVAL_MS: "50",
      WAYBILL_REAP_CLOCK_MARGIN_MS: "20",
      ...environment,
    },
  });
  const gone = once(child, "exit");
  const readyz = () => fetch(`http://127.0.0.1:${healthPort}/readyz`);
  const waitUntilReady = async (): Promise<void> => {
    await eventually(async () => (await readyz()).status === 200, {
      reason: "the budget service is ready",
      timeoutMs: READY_LIMIT_MS,
      intervalMs: 50,
    });
  };
  return {
    address: `127.0.0.1:${grpcPort}`,
    child,
    gone,
    waitUntilReady,
    async waitsFor() {
      return ((await (await readyz()).json()) as { waiting_for: Record<string, string> }).waiting_for;
    },
    async stop() {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** A router as the service sees one. */
class TestRouter {
  readonly holder = `router-${makeUuidV7()}`;
  budgets: Budget[] = [];
  readonly standings = new Map<string, Standing>();
  readonly #client: BudgetServiceClient;
  readonly #session: Session<BudgetCall, BudgetAnswer>;

  constructor(address: string) {
    this.#client = new BudgetServiceClient(address, plainCredentials, SESSION_CLIENT_OPTIONS);
    this.#session = new Session({
      open: () => this.#client.session(tokenMetadata(TOKENS.router)),
      onOpen: (session) => void session.tell(call(0n, { $case: "hello", value: { holder: this.holder } })),
      onPush: ({ answer }) => {
        if (answer?.$case === "budgets") this.budgets = answer.value.budgets;
        if (answer?.$case === "standings") {
          for (const standing of answer.value.standings) this.standings.set(standing.budgetId, standing);
        }
      },
      reconnectMs: 50,
    });
  }

  async ask(value: BudgetCall["call"], deadlineMs = 2_000): Promise<BudgetAnswer["answer"]> {
    const outcome = await this.#session.ask((id) => call(id, value, deadlineMs), deadlineMs + 500);
    return outcome.kind === "answer" ? outcome.answer.answer : { $case: "failedCode", value: outcome.kind };
  }

  async know(): Promise<void> {
    await eventually(() => this.budgets.length > 0, { reason: "the router is told the budgets", timeoutMs: 10_000 });
  }

  async grant(budgetId: string, amountPicoUsd: bigint, lifeMs = 5_000n, holdLifeMs = 5_000n, grantId = makeUuidV7()) {
    const answer = await this.ask({
      $case: "askGrant",
      value: {
        grantId,
        budgetId,
        needPicoUsd: amountPicoUsd,
        wantPicoUsd: amountPicoUsd,
        lifeMs,
        holdLifeMs,
        ...NO_COUNTER,
      },
    });
    assert.ok(answer?.$case === "grant", inspect(answer));
    return answer.value;
  }

  async place(
    budgetId: string,
    wantPicoUsd: bigint,
    lifeMs = 60_000n,
    attempt = attemptId(makeUuidV7(), 1),
    deadlineMs = 2_000,
  ) {
    const value: BudgetCall["call"] = {
      $case: "placeHold",
      value: {
        attemptId: attempt,
        holder: this.holder,
        asks: [{ budgetId, wantPicoUsd, leastPicoUsd: wantPicoUsd, boundedByShare: false, ...NO_COUNTER }],
        cut: [],
        lifeMs,
        attempt: journaled(attempt, this.holder, []),
      },
    };
    return this.ask(value, deadlineMs);
  }

  async journal(attempts: JournaledAttempt[], closings: { grantId: string; debitedPicoUsd: bigint }[] = []) {
    return this.ask({ $case: "journal", value: { attempts, closings, withdrawals: [] } });
  }

  stop(): void {
    this.#session.stop();
    this.#client.close();
  }
}

function call(correlationId: bigint, value: BudgetCall["call"], deadlineMs = 0): BudgetCall {
  return { correlationId, deadlineMs, traceparent: "", call: value };
}

function journaled(attempt: string, holder: string, holds: HoldLine[]): JournaledAttempt {
  return JournaledAttempt.create({
    attemptId: attempt,
    holder,
    holds,
    holdLifeMs: 60_000n,
    attribution: { organisationId: "acme", organisationName: "Acme", teamId: "support", keyId: "k" },
    target: { provider: "sim", model: "premium" },
    price: { version: "test-1", tiers: [{ aboveInputTokens: 0n, rates: { input: 1n } }] },
  });
}

function record(attempt: string, holder: string, holds: HoldLine[], costPicoUsd: bigint): UsageRecord {
  const [requestId = "", number] = attempt.split(".");
  return UsageRecord.create({
    recordId: recordId(attempt, "worker"),
    attemptId: attempt,
    requestId,
    attempt: Number(number),
    source: RecordSource.WORKER,
    outcome: AttemptOutcome.SUCCESS,
    attribution: { organisationId: "acme" },
    target: { provider: "sim", model: "premium" },
    tokenSource: TokenSource.PROVIDER,
    price: { version: "test-1" },
    costPicoUsd,
    costKnown: true,
    holds,
    holder,
  });
}

async function publish(message: UsageRecord | Uint8Array, id = makeUuidV7()): Promise<void> {
  const data = message instanceof Uint8Array ? message : UsageRecord.encode(message).finish();
  const outcome = await new Publisher(operator).publish({
    subject: subjects.usage("acme"),
    data,
    id,
    timeoutMs: 5_000,
  });
  assert.equal(outcome.kind, "stored");
}

/** A budget of its own for one test, known to the router. */
async function addBudget(limitPicoUsd: bigint): Promise<string> {
  const id = `b-${makeUuidV7()}`;
  await owner.query(
    `INSERT INTO budget.budget (id, name, organisation_id, limit_pico_usd, window_kind)
     VALUES ($1, 'a test', 'acme', $2, 'total')`,
    [id, limitPicoUsd],
  );
  return id;
}

/** posted, held, granted */
async function counters(budgetId: string): Promise<bigint[]> {
  const { rows } = await owner.query(
    "SELECT posted_pico_usd, held_pico_usd, granted_pico_usd FROM budget.budget_window WHERE budget_id = $1",
    [budgetId],
  );
  return Object.values((rows[0] ?? {}) as Record<string, string>).map(BigInt);
}

async function becomes(budgetId: string, expected: bigint[], reason: string): Promise<void> {
  let last: bigint[] = [];
  await eventually(
    async () => {
      last = await counters(budgetId);
      return String(last) === String(expected);
    },
    { reason, timeoutMs: 15_000, intervalMs: 20 },
  ).catch(() => assert.deepEqual(last, expected, reason));
}

function linesOf(answer: BudgetAnswer["answer"]): HoldLine[] {
  assert.ok(answer?.$case === "hold" && !answer.value.refusal, inspect(answer));
  return answer.value.lines;
}

describe("one service for all", () => {
  let budget: RunningBudget;
  before(async () => {
    budget = await startBudget();
    await budget.waitUntilReady();
  });
  after(() => budget.stop());

  test("keys are found by the ingress, revoked by operators only, and a revocation is in the bucket", async () => {
    const client = new AccountServiceClient(budget.address, plainCredentials);
    try {
      const parsed = parseVirtualKey(keys.support_1 ?? "");
      assert.ok(parsed);
      const { keyId } = parsed;
      const find = (token: string, id: string) =>
        new Promise<{ code?: number; key?: { secretSha256: Buffer; revokedAtMs: bigint; attribution?: unknown } }>(
          (resolve) =>
            client.findKey({ keyId: id }, tokenMetadata(token), (error, response) =>
              resolve(error ? { code: error.code } : { ...(response.key && { key: response.key }) }),
            ),
        );
      const revoke = (token: string, id: string) =>
        new Promise<number | bigint>((resolve) =>
          client.revokeKey(
            { keyId: id, actor: undefined, reason: "", organisationId: "" },
            tokenMetadata(token),
            (error, response) => resolve(error ? error.code : response.revokedAtMs),
          ),
        );
      const found = await find(TOKENS.ingress, keyId);
      assert.deepEqual(found.key?.secretSha256, createHash("sha256").update(parsed.secret).digest());
      assert.equal((await find(TOKENS.ingress, "nosuchkey")).code, 5);
      assert.equal((await find(TOKENS.router, keyId)).code, 16);
      assert.equal(await revoke(TOKENS.ingress, keyId), 16);

      const seen = new Map<string, string>();
      const watch = watchBucket(operator, BUCKETS.keys.name, {
        onEntry: (key, value) => void (value && seen.set(key, new TextDecoder().decode(value))),
        onCurrent() {},
        onBroken() {},
      });
      const revokedAtMs = await revoke(TOKENS.operator, keyId);
      assert.equal(typeof revokedAtMs, "bigint");
      assert.equal(await revoke(TOKENS.operator, keyId), revokedAtMs);
      await eventually(() => seen.get(keyId) === '{"state":"revoked"}', { reason: "the bucket tells of it" });
      assert.equal((await find(TOKENS.ingress, keyId)).key?.revokedAtMs, revokedAtMs);
      watch.stop();
    } finally {
      client.close();
    }
  });

  test("grants, journal, exact holds and settlement: every pico-USD is posted, held, granted or free", async () => {
    const router = new TestRouter(budget.address);
    try {
      await router.know();
      const id = await addBudget(10_000n);
      await eventually(() => router.budgets.some((one) => one.id === id), { reason: "a new budget is pushed" });

      const grant = await router.grant(id, 100n);
      assert.equal(grant.amountPicoUsd, 100n);
      assert.equal(grant.standing?.grantedPicoUsd, "100");
      assert.deepEqual(
        await router.grant(id, 100n, 5_000n, 5_000n, grant.grantId).then((again) => again.amountPicoUsd),
        100n,
      );
      const cut: HoldLine = {
        budgetId: id,
        windowId: grant.windowId,
        grantId: grant.grantId,
        amountPicoUsd: 60n,
        hard: true,
        unit: BudgetUnit.UNSPECIFIED,
      };
      const first = attemptId(makeUuidV7(), 1);
      const answer = await router.journal(
        [journaled(first, router.holder, [cut])],
        [{ grantId: grant.grantId, debitedPicoUsd: 60n }],
      );
      assert.equal(answer?.$case, "journaled");
      assert.deepEqual(await counters(id), [0n, 60n, 0n]);
      await eventually(() => router.standings.get(id)?.heldPicoUsd === "60", { reason: "its standing is pushed" });

      const second = attemptId(makeUuidV7(), 1);
      const lines = linesOf(await router.place(id, 9_940n, 60_000n, second));
      const refused = await router.place(id, 1n);
      assert.ok(refused?.$case === "hold" && refused.value.refusal);
      assert.deepEqual(
        [refused.value.refusal.limitPicoUsd, refused.value.refusal.leftPicoUsd, refused.value.refusal.neededPicoUsd],
        ["10000", "0", "1"],
      );
      await publish(record(first, router.holder, [cut], 41n));
      await publish(record(second, router.holder, lines, 9_000n));
      await publish(record(second, router.holder, lines, 9_000n));
      await becomes(id, [9_041n, 0n, 0n], "both records are settled, one of them sent twice");
    } finally {
      router.stop();
    }
  });

  test("before anyone is refused, unspent credit is called back from routers; a dead one's stays counted", async () => {
    const router = new TestRouter(budget.address);
    const recalls: string[] = [];
    const subscription = operator.subscribe(subjects.recall, {
      callback: (_, message) => {
        const { budgetId } = GrantRecall.decode(message.data);
        recalls.push(budgetId);
        void router.journal([], [{ grantId: live.grantId, debitedPicoUsd: 0n }]);
      },
    });
    let live: { grantId: string } = { grantId: "" };
    try {
      await router.know();
      const id = await addBudget(10_000n);
      live = await router.grant(id, 100n);
      const gone = new TestRouter(budget.address);
      await gone.know();
      assert.equal((await gone.grant(id, 50n)).amountPicoUsd, 50n);
      gone.stop();
      assert.equal(linesOf(await router.place(id, 9_950n))[0]?.amountPicoUsd, 9_950n);
      assert.deepEqual(recalls, [id]);
      assert.deepEqual(await counters(id), [0n, 9_950n, 50n]);
      // A holder may only be slow, or connected to another process, so for some seconds nobody says that there is no room.
      assert.deepEqual(await router.place(id, 1n), { $case: "failedCode", value: "budget_unavailable" });
      await eventually(
        async () => {
          const answer = await router.place(id, 1n);
          return answer?.$case === "hold" && answer.value.refusal !== undefined;
        },
        { reason: "what the dead one has counts as gone", timeoutMs: 10_000 },
      );
    } finally {
      subscription.unsubscribe();
      router.stop();
    }
  });

  test("a fallback waits for the record of the attempt before it, and a request for that of the one just answered", async () => {
    const router = new TestRouter(budget.address);
    try {
      await router.know();
      const id = await addBudget(100n);
      const requestId = makeUuidV7();
      const lines = linesOf(await router.place(id, 100n, 60_000n, attemptId(requestId, 1)));
      const next = router.place(id, 100n, 60_000n, attemptId(requestId, 2));
      await new Promise((resolve) => setTimeout(resolve, 60));
      await publish(record(attemptId(requestId, 1), router.holder, lines, 0n));
      const nextLines = linesOf(await next);
      assert.equal(nextLines[0]?.amountPicoUsd, 100n);
      const another = router.place(id, 90n);
      await new Promise((resolve) => setTimeout(resolve, 60));
      await publish(record(attemptId(requestId, 2), router.holder, nextLines, 10n));
      assert.equal(linesOf(await another)[0]?.amountPicoUsd, 90n);
      const startedAtMs = performance.now();
      const refused = await router.place(id, 1n);
      assert.ok(refused?.$case === "hold" && refused.value.refusal);
      assert.ok(performance.now() - startedAtMs < 2_000, "a call that runs on is not waited for");
    } finally {
      router.stop();
    }
  });

  test("poison on USAGE is parked with its reason, and what comes behind it is settled", async () => {
    const router = new TestRouter(budget.address);
    try {
      await router.know();
      const id = await addBudget(100n);
      const attempt = attemptId(makeUuidV7(), 1);
      const lines = linesOf(await router.place(id, 10n, 60_000n, attempt));
      const parked: string[] = [];
      const subscription = operator.subscribe(subjects.dead("budget"), {
        callback: (_, message) => void parked.push(message.headers?.get("Waybill-Reason") ?? ""),
      });
      await publish(new TextEncoder().encode("no record at all"));
      await publish(record(attemptId(makeUuidV7(), 1), "h", [{ ...lines[0], windowId: 999_999n } as HoldLine], 1n));
      await publish(record(attempt, router.holder, lines, 4n));
      await becomes(id, [4n, 0n, 0n], "the record behind the poison is settled");
      await eventually(() => parked.length === 2, { reason: "both are parked" });
      assert.match(parked.join(), /not a UsageRecord/);
      assert.match(parked.join(), /no window 999999/);
      await eventually(async () => (await sightConsumer(operator, "USAGE", "budget")).unacknowledged === 0, {
        reason: "everything is acknowledged",
      });
      subscription.unsubscribe();
    } finally {
      router.stop();
    }
  });

  test("a hold whose record never comes: never sent at 0, or unknown at the whole hold when WORK was lost", async () => {
    const router = new TestRouter(budget.address);
    const seen: UsageRecord[] = [];
    const subscription = operator.subscribe(subjects.usage("acme"), {
      callback: (_, message) => void seen.push(UsageRecord.decode(message.data)),
    });
    try {
      await router.know();
      const id = await addBudget(1_000n);
      const never = attemptId(makeUuidV7(), 1);
      linesOf(await router.place(id, 30n, 200n, never));
      await becomes(id, [0n, 0n, 0n], "the hold that was never sent is given back");
      const free = seen.find((one) => one.attemptId === never);
      assert.equal(free?.recordId, `${never}:lost`);
      assert.equal(free.outcome, AttemptOutcome.FAILED_FREE);
      assert.equal(free.attribution?.teamId, "support");

      const lost = attemptId(makeUuidV7(), 1);
      const grant = await router.grant(id, 9n, 100n, 200n);
      linesOf(await router.place(id, 40n, 300n, lost));
      await recreateWork();
      await becomes(id, [49n, 0n, 0n], "hold and grant are booked: WORK was lost while they were out");
      const unknown = seen.find((one) => one.attemptId === lost);
      assert.equal(unknown?.outcome, AttemptOutcome.UNKNOWN);
      assert.equal(unknown.tokenSource, TokenSource.WORST_CASE);
      assert.equal(seen.find((one) => one.requestId === grant.grantId)?.costPicoUsd, 9n);

      await publish(record(lost, router.holder, unknown.holds, 11n));
      await becomes(id, [20n, 0n, 0n], "the worker's own record replaces the inferred one");
    } finally {
      subscription.unsubscribe();
      router.stop();
    }
  });

  test("a grant nobody closed returns its rest when nothing more can come from it", async () => {
    const router = new TestRouter(budget.address);
    try {
      await router.know();
      const id = await addBudget(1_000n);
      await router.grant(id, 10n, 100n, 300n);
      assert.deepEqual(await counters(id), [0n, 0n, 10n]);
      await becomes(id, [0n, 0n, 0n], "the rest returns");
    } finally {
      router.stop();
    }
  });
});

for (const failpoint of ["before_commit", "after_commit_before_answer"]) {
  test(`killed at ${failpoint}: the same hold asked again of the next process is held once`, async () => {
    const id = await addBudget(100n);
    const attempt = attemptId(makeUuidV7(), 1);
    const dying = await startBudget({ WAYBILL_FAILPOINT: failpoint, WAYBILL_REAP_INTERVAL_MS: "3600000" });
    const first = new TestRouter(dying.address);
    await dying.waitUntilReady();
    await first.know();
    const lost = await first.place(id, 60n, 60_000n, attempt);
    assert.equal(lost?.$case, "failedCode");
    assert.deepEqual(await dying.gone, [null, "SIGKILL"]);
    first.stop();
    const next = await startBudget();
    const second = new TestRouter(next.address);
    try {
      await next.waitUntilReady();
      await second.know();
      Object.assign(second, { holder: first.holder });
      assert.equal(linesOf(await second.place(id, 60n, 60_000n, attempt))[0]?.amountPicoUsd, 60n);
      assert.deepEqual(await counters(id), [0n, 60n, 0n]);
    } finally {
      second.stop();
      await next.stop();
    }
  });
}

for (const failpoint of ["settle_before_commit", "settle_after_commit_before_ack"]) {
  test(`killed at ${failpoint}: the next process settles the record once, though all of USAGE comes again`, async () => {
    const id = await addBudget(100n);
    const attempt = attemptId(makeUuidV7(), 1);
    const dying = await startBudget({ WAYBILL_FAILPOINT: failpoint, WAYBILL_REAP_INTERVAL_MS: "3600000" });
    const router = new TestRouter(dying.address);
    await dying.waitUntilReady();
    await router.know();
    const lines = linesOf(await router.place(id, 60n, 60_000n, attempt));
    const before = await owner.query("SELECT sum(posted_pico_usd) AS sum FROM budget.budget_window");
    await publish(record(attempt, router.holder, lines, 25n));
    assert.deepEqual(await dying.gone, [null, "SIGKILL"]);
    router.stop();
    // Instead of waiting until the dead process's ack wait is over.
    await operator.request("$JS.API.CONSUMER.DELETE.USAGE.budget");
    const next = await startBudget();
    try {
      await next.waitUntilReady();
      await becomes(id, [25n, 0n, 0n], "the record is settled");
      const posted = await owner.query("SELECT sum(posted_pico_usd) AS sum FROM budget.budget_window");
      assert.equal(BigInt(posted.rows[0].sum), BigInt(before.rows[0].sum) + 25n);
    } finally {
      await next.stop();
    }
  });
}

test("without Postgres nothing hangs: calls fail at their deadline, and work goes on when it is back", async () => {
  const address = new URL(database.urlAs("waybill_budget"));
  await using proxy = await startTcpProxy({ targetPort: Number(address.port) });
  address.port = String(proxy.port);
  const budget = await startBudget({ DATABASE_URL: address.href });
  const router = new TestRouter(budget.address);
  try {
    await budget.waitUntilReady();
    await router.know();
    const id = await addBudget(100n);
    const lines = linesOf(await router.place(id, 10n, 60_000n, attemptId(makeUuidV7(), 1)));
    const unavailable = { $case: "failedCode", value: "budget_unavailable" };
    proxy.refuse(true);
    proxy.cut("rst");
    assert.deepEqual(await router.place(id, 5n, 60_000n, attemptId(makeUuidV7(), 1), 300), unavailable);
    const attempt = attemptId(makeUuidV7(), 1);
    await publish(record(attempt, router.holder, [{ ...lines[0], amountPicoUsd: 3n } as HoldLine], 2n));
    await eventually(async () => "postgres" in (await budget.waitsFor()), {
      reason: "readiness says that Postgres is away",
    });
    proxy.heal();
    await becomes(id, [2n, 10n, 0n], "the record is settled when Postgres is back");
    await budget.waitUntilReady();
    assert.equal(linesOf(await router.place(id, 5n))[0]?.amountPicoUsd, 5n);

    proxy.blackhole("both");
    assert.deepEqual(await router.place(id, 6n, 60_000n, attemptId(makeUuidV7(), 1), 300), unavailable);
    proxy.heal();
    await budget.waitUntilReady();
    assert.equal(linesOf(await router.place(id, 7n))[0]?.amountPicoUsd, 7n);
  } finally {
    router.stop();
    await budget.stop();
  }
});

/** As a restart of a server that keeps WORK in memory. */
async function recreateWork(): Promise<void> {
  await operator.request("$JS.API.STREAM.DELETE.WORK");
  await declareStream(operator, STREAMS.work);
}
