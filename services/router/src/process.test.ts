// The router as a process, on a real NATS, a real Postgres and a real budget service.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectBus, type NatsConnection, openBucket } from "@waybill/bus";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { makeUuidV7 } from "@waybill/service";
import { connectOnce } from "@waybill/store";
import {
  eventually,
  freePort,
  makeTestFolder,
  migrationsOf,
  startTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestFolder,
  type TestNats,
} from "@waybill/testing";
import {
  Attribution,
  BUCKETS,
  DecideRequest,
  type DecideResponse,
  type Decision,
  Features,
  ModelConfig,
  type NextRequest,
  type OpenAttempt,
  type Refusal,
  type RouterAnswer,
  type RouterAnswers,
  type RouterCall,
  RouterServiceClient,
  subjects,
  WorkerHealth,
} from "@waybill/wire";

const TOKEN = "the-token-of-the-test";
const SHA = createHash("sha256").update(TOKEN).digest("hex");
const CONFIG = `
providers:
  - id: local
    dialect: openai-compatible
    baseUrl: http://127.0.0.1:9/v1
    allowPrivateAddress: true
    models: [{name: unpriced}, {name: free, price: {input: "0", output: "0"}}]
`;

let nats: TestNats;
let database: TestDatabase;
let folder: TestFolder;
let worker: NatsConnection;
let heartbeat: NodeJS.Timeout;
const processes: Running[] = [];
let budgetPort = 0;
let router: Router;

interface Running {
  child: ChildProcess;
  output: string;
}

function run(service: string, environment: Record<string, string>): Running {
  const main = fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main], {
    env: { PATH: process.env.PATH ?? "", NATS_URL: nats.url, WAYBILL_LOG_LEVEL: "info", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running: Running = { child, output: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      running.output += chunk.toString();
    });
  }
  processes.push(running);
  return running;
}

async function isReady(healthPort: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
  return response.ok;
}

async function startBudget(): Promise<Running> {
  const healthPort = await freePort();
  const { user, password } = nats.credentials("budget");
  const running = run("budget", {
    NATS_USER: user,
    NATS_PASSWORD: password,
    DATABASE_URL: database.urlAs("waybill_budget"),
    WAYBILL_GRPC_PORT: String(budgetPort),
    WAYBILL_HEALTH_PORT: String(healthPort),
    WAYBILL_ACCEPTED_TOKENS: `router=${SHA},operator=${SHA}`,
  });
  await eventually(() => isReady(healthPort), { reason: "the budget service is ready", timeoutMs: 20_000 });
  return running;
}

/** A router process and a client of its standing stream. */
class Router {
  readonly running: Running;
  readonly healthPort: number;
  readonly #client: RouterServiceClient;
  readonly #stream: ReturnType<RouterServiceClient["session"]>;
  readonly #waiting = new Map<bigint, (answer: RouterAnswer) => void>();
  #nextId = 1n;

  private constructor(running: Running, healthPort: number, client: RouterServiceClient) {
    this.running = running;
    this.healthPort = healthPort;
    this.#client = client;
    this.#stream = client.session(tokenMetadata(TOKEN));
    this.#stream.on("data", ({ answers }: RouterAnswers) => {
      for (const answer of answers) this.#waiting.get(answer.correlationId)?.(answer);
    });
    this.#stream.on("error", (error: Error) => {
      this.running.output += `the stream broke: ${error.message}\n`;
    });
  }

  static async start(environment: Record<string, string> = {}): Promise<Router> {
    const [port, healthPort] = [await freePort(), await freePort()];
    const { user, password } = nats.credentials("router");
    const running = run("router", {
      NATS_USER: user,
      NATS_PASSWORD: password,
      DATABASE_URL: database.urlAs("waybill_router"),
      WAYBILL_GRPC_PORT: String(port),
      WAYBILL_HEALTH_PORT: String(healthPort),
      WAYBILL_SERVICE_TOKEN: TOKEN,
      WAYBILL_ACCEPTED_TOKENS: `ingress=${SHA}`,
      WAYBILL_BUDGET_URLS: `127.0.0.1:${budgetPort}`,
      WAYBILL_CONFIG: join(folder.path, "waybill.yaml"),
      WAYBILL_SIMULATOR_URL: "http://127.0.0.1:9/v1",
      ...environment,
    });
    await eventually(() => isReady(healthPort), {
      reason: `the router is ready: ${running.output}`,
      timeoutMs: 20_000,
    });
    return new Router(running, healthPort, new RouterServiceClient(`127.0.0.1:${port}`, plainCredentials));
  }

  async #ask(call: RouterCall["call"]): Promise<RouterAnswer> {
    const correlationId = this.#nextId;
    this.#nextId += 1n;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer from the router: ${this.running.output}`)), 8_000);
      this.#waiting.set(correlationId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#stream.write({ calls: [{ correlationId, deadlineMs: 5_000, traceparent: "", call }] });
    });
  }
  async decide(request: DecideRequest): Promise<DecideResponse> {
    const { answer } = await this.#ask({ $case: "decide", value: request });
    assert.equal(answer?.$case, "decide");
    return answer.value;
  }
  async next(request: NextRequest): Promise<DecideResponse> {
    const { answer } = await this.#ask({ $case: "next", value: request });
    assert.equal(answer?.$case, "decide");
    return answer.value;
  }
  async reportOpen(attempts: OpenAttempt[]): Promise<void> {
    await this.#ask({ $case: "reportOpen", value: { attempts } });
  }
  /** SIGTERM and the exit code. */
  async stop(): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => this.running.child.once("exit", resolve));
    this.running.child.kill("SIGTERM");
    const code = await exited;
    this.#client.close();
    return code;
  }
}

function request(
  model: string,
  options: { team?: string; user_plan?: string; max?: bigint; text?: bigint } = {},
): DecideRequest {
  const { team = "support", user_plan, max = 0n, text = 400n } = options;
  const features = Features.fromPartial({
    requestedModel: model,
    choiceCount: 1,
    inputTextBytes: text,
    inputPartCount: 1,
    estimatedInputTokens: text / 4n,
    maxOutputTokens: max,
    metadata: user_plan === undefined ? {} : { user_plan },
  });
  const attribution = Attribution.fromPartial({ organisationId: "acme", teamId: team, userId: "ada", keyId: "k" });
  return DecideRequest.fromPartial({ requestId: makeUuidV7(), ingressId: "i", attribution, features });
}
function decisionOf({ outcome }: DecideResponse): Decision {
  if (outcome?.$case !== "decision") throw new Error(`no decision: ${JSON.stringify(outcome?.$case)}`);
  return outcome.value;
}
function refusalOf({ outcome }: DecideResponse): Refusal {
  assert.equal(outcome?.$case, "refusal");
  return outcome.value;
}
async function query<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
  const client = await connectOnce(database.ownerUrl, "test");
  try {
    return (await client.query(sql, parameters)).rows as T[];
  } finally {
    await client.end();
  }
}

function beat(names: readonly string[]): void {
  const models = names.map((name) => ({ provider: name.split("/")[0] ?? "", model: name.split("/")[1] ?? "" }));
  worker.publish(
    subjects.health("w1"),
    WorkerHealth.encode(WorkerHealth.fromPartial({ workerId: "w1", models })).finish(),
  );
}
const LIVE = ["sim/premium", "sim/economy", "local/unpriced", "local/free"];
let alive: readonly string[] = LIVE;

before(async () => {
  nats = await startTestNats();
  database = await startTestDatabase({ migrations: [migrationsOf("budget"), migrationsOf("router")] });
  folder = await makeTestFolder("router");
  await writeFile(join(folder.path, "waybill.yaml"), CONFIG);
  budgetPort = await freePort();
  await query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme')");
  for (const [team, limit] of [
    ["support", "50000000000000"],
    ["research", "20000000000"],
    ["recall", "100000000000"],
  ]) {
    await query(
      `INSERT INTO budget.budget (id, name, organisation_id, team_id, limit_pico_usd, window_kind, enforcement)
       VALUES ($1, $1, 'acme', $1, $2, 'month', 'hard')`,
      [team, limit],
    );
  }
  const { user, password } = nats.credentials("worker");
  worker = await connectBus({ url: nats.url, user, password, service: "worker", name: "test" });
  heartbeat = setInterval(() => beat(alive), 300);
  await startBudget();
  router = await Router.start();
  await eventually(async () => decisionOf(await router.decide(request("local/free"))), {
    reason: "a heartbeat was heard",
  });
});

after(async () => {
  clearInterval(heartbeat);
  for (const { child, output } of processes) {
    child.kill("SIGKILL");
    if (process.env.SHOW) console.error(output);
  }
  await worker?.close();
  await nats?.stop();
  await database?.[Symbol.asyncDispose]();
  await folder?.remove();
});

test("a direct model is held at its worst case on the team's budget, and the hold is journaled", async () => {
  const asked = request("sim/premium", { max: 100n });
  const decision = decisionOf(await router.decide(asked));
  assert.equal(decision.target?.simulated, true);
  assert.equal(decision.maxOutputTokens, 100n);
  const [line] = decision.holds;
  const inputBound = 400n + 16n + 400n;
  assert.equal(line?.amountPicoUsd, inputBound * 5_000_000n + 100n * 15_000_000n);
  assert.equal(line?.hard, true);
  assert.notEqual(line?.grantId, "");
  assert.ok(BigInt(decision.budgetRemainingPicoUsd) < 50_000_000_000_000n);
  await eventually(
    async () => (await query("SELECT FROM budget.hold WHERE attempt_id = $1", [`${asked.requestId}.1`])).length > 0,
    { reason: "the hold is in Postgres" },
  );
});

test("the seeded route sends paying users to the better model, with the other as fallback", async () => {
  const asked = request("dynamic/support", { user_plan: "paid", max: 10n });
  const first = decisionOf(await router.decide(asked));
  assert.equal(first.target?.model, "premium");
  assert.deepEqual([first.route, first.routeVersion, first.path.join(">")], ["support", 1, "start>plan:true>better"]);
  const second = decisionOf(
    await router.next({
      request: asked,
      resumeToken: first.resumeToken,
      failedAttempt: 1,
      failureCode: "upstream_error",
      retryAfterMs: 0,
      otherAccount: false,
    }),
  );
  assert.equal(second.attempt, 2);
  assert.equal(second.target?.model, "economy");
  const third = await router.next({
    request: asked,
    resumeToken: second.resumeToken,
    failedAttempt: 2,
    failureCode: "upstream_error",
    retryAfterMs: 0,
    otherAccount: false,
  });
  assert.equal(refusalOf(third).code, "upstream_error", "nothing is left to try");
  assert.equal(decisionOf(await router.decide(request("dynamic/support"))).target?.model, "economy");
});

test("an attempt that was never sent goes to the same model once more, then to the fallback", async () => {
  const asked = request("dynamic/support", { user_plan: "paid", max: 10n });
  let decision = decisionOf(await router.decide(asked));
  const models = [decision.target?.model];
  for (let failedAttempt = 1; failedAttempt <= 3; failedAttempt += 1) {
    const { resumeToken } = decision;
    const next = await router.next({
      request: asked,
      resumeToken,
      failedAttempt,
      failureCode: "not_sent",
      retryAfterMs: 0,
      otherAccount: false,
    });
    decision = decisionOf(next);
    assert.equal(decision.attempt, failedAttempt + 1);
    assert.equal(decision.holds.length, 1, "each attempt is held afresh");
    models.push(decision.target?.model);
  }
  assert.deepEqual(models, ["premium", "premium", "economy", "economy"]);
});

test("what a price does not cover is refused where a hard budget applies, with the reason, and served where none does", async () => {
  const asked = request("dynamic/support", { user_plan: "paid", max: 10n });
  if (asked.features) asked.features.priceUnbounded = true;
  const refusal = refusalOf(await router.decide(asked));
  assert.equal(refusal.code, "hold_unbounded");
  assert.match(refusal.message, /hard budget applies\. The reason: the request asks for something that its price/);
  if (asked.attribution) asked.attribution.teamId = "nobody";
  assert.deepEqual(decisionOf(await router.decide(asked)).holds, []);
});

test("a budget that is nearly spent is used to its last cent, then refused with 402's figures", async () => {
  const held: bigint[] = [];
  let refusal: Refusal | undefined;
  for (let n = 0; n < 40 && !refusal; n += 1) {
    const { outcome } = await router.decide(request("sim/premium", { team: "research", max: 100n }));
    if (outcome?.$case === "decision") held.push(outcome.value.holds[0]?.amountPicoUsd ?? 0n);
    else if (outcome?.$case === "refusal") refusal = outcome.value;
  }
  assert.equal(refusal?.code, "budget_exceeded");
  assert.equal(refusal?.budget?.budgetName, "research");
  assert.notEqual(refusal?.budget?.resetsAt, "");
  const sum = held.reduce((total, amount) => total + amount, 0n);
  assert.ok(sum <= 20_000_000_000n, `${sum} is not above the limit`);
  assert.ok(held.length >= 2, `${held.length} requests were served`);
});

test("output the client did not bound is clamped to what the money left allows", async () => {
  await query(
    `INSERT INTO budget.budget (id, name, organisation_id, team_id, limit_pico_usd, window_kind, enforcement)
     VALUES ('clamped', 'clamped', 'acme', 'clamped', '20000000000', 'month', 'hard')`,
  );
  const decision = await eventually(
    async () => {
      const { outcome } = await router.decide(request("sim/premium", { team: "clamped" }));
      return outcome?.$case === "decision" && outcome.value.holds.length > 0 ? outcome.value : undefined;
    },
    { reason: "the new budget is known to the router" },
  );
  assert.ok(decision.clamped);
  assert.ok(decision.maxOutputTokens >= 16n && decision.maxOutputTokens < 4_096n, `${decision.maxOutputTokens}`);
});

test("an unknown price is refused where a hard budget applies, and a price of zero is not", async () => {
  assert.equal(refusalOf(await router.decide(request("local/unpriced"))).code, "price_unknown");
  assert.deepEqual(decisionOf(await router.decide(request("local/free"))).holds, []);
});

test("refusals: unknown model, not allowed, too long, no worker", async () => {
  assert.equal(refusalOf(await router.decide(request("nobody"))).code, "model_not_found");
  const listed = { ...request("sim/premium"), allowedModels: ["cheaper"] };
  assert.equal(refusalOf(await router.decide(listed)).code, "model_not_allowed");
  assert.equal(
    refusalOf(await router.decide(request("sim/premium", { text: 4_000_000n }))).code,
    "context_length_exceeded",
  );
  alive = ["sim/economy"];
  try {
    const refusal = await eventually(
      async () => {
        const { outcome } = await router.decide(request("sim/premium", { max: 1n }));
        return outcome?.$case === "refusal" ? outcome.value : undefined;
      },
      { reason: "the model has no live worker" },
    );
    assert.equal(refusal.code, "no_workers");
    assert.ok(refusal.retryAfterMs > 0);
    // The route goes round it.
    const routed = decisionOf(await router.decide(request("dynamic/support", { user_plan: "paid", max: 1n })));
    assert.equal(routed.target?.model, "economy");
  } finally {
    alive = LIVE;
    await eventually(
      async () => (await router.decide(request("sim/premium", { max: 1n }))).outcome?.$case === "decision",
      {
        reason: "the worker serves it again",
      },
    );
  }
});

test("what is unspent here serves an exact hold elsewhere: the grant is called back", async () => {
  const first = decisionOf(await router.decide(request("sim/economy", { team: "recall", max: 10n })));
  assert.notEqual(first.holds[0]?.grantId, "");
  // Nearly all of the rest, which is only there once the grant has returned.
  const window = await eventually(
    async () => {
      const [found] = await query<{ free: string; granted: string }>(
        `SELECT (limit_pico_usd - posted_pico_usd - held_pico_usd - granted_pico_usd)::text AS free, granted_pico_usd::text AS granted
         FROM budget.budget_window WHERE budget_id = 'recall' AND held_pico_usd > 0 AND granted_pico_usd > 0`,
      );
      return found;
    },
    { reason: "the hold is journaled, and the credit that was asked for after it is here" },
  );
  const free = BigInt(window.free);
  const target = free + BigInt(window.granted) / 2n;
  const max = (target - 816n * 5_000_000n) / (2n * 15_000_000n);
  const asked = request("sim/premium", { team: "recall", max });
  if (asked.features) asked.features.choiceCount = 2;
  const decision = decisionOf(await router.decide(asked));
  assert.ok((decision.holds[0]?.amountPicoUsd ?? 0n) > free);
  assert.ok(!decision.clamped);
});

test("attempts that another router left open are journaled under their own holder", async () => {
  const decision = decisionOf(await router.decide(request("sim/premium", { max: 10n })));
  const reported = { ...decision, attemptId: `${makeUuidV7()}.1`, holder: "a-router-that-is-gone" };
  await router.reportOpen([{ ...reported, attribution: request("x").attribution }]);
  await eventually(
    async () => (await query("SELECT FROM budget.hold WHERE holder = 'a-router-that-is-gone'")).length > 0,
    { reason: "the reported hold is in Postgres" },
  );
});

test("what another replica deploys is live here in less than a second, and what is lost is repaired", async () => {
  const { user, password } = nats.credentials("router");
  const other = await connectBus({ url: nats.url, user, password, service: "router", name: "other router" });
  try {
    const kv = await openBucket(other, BUCKETS.config);
    const config = ModelConfig.fromPartial({ provider: "local", model: "late", upstreamModel: "late" });
    await kv.put("model.local.late", ModelConfig.encode(config).finish());
    const startedMs = performance.now();
    await eventually(async () => refusalOf(await router.decide(request("local/late"))).code === "price_unknown", {
      reason: "the model is known",
      timeoutMs: 1_000,
    });
    assert.ok(performance.now() - startedMs < 1_000);
    // A router that starts repairs what is not deployed in Postgres.
    const second = await Router.start();
    await eventually(async () => refusalOf(await router.decide(request("local/late"))).code === "model_not_found", {
      reason: "what Postgres does not know is gone",
    });
    assert.equal(await second.stop(), 0);
  } finally {
    await other.close();
  }
});

test("a bucket that its server lost is made again from Postgres, and decisions go on meanwhile", async () => {
  const { user, password } = nats.credentials("operator");
  const operator = await connectBus({ url: nats.url, user, password, service: "router", name: "operator" });
  try {
    await operator.request(`$JS.API.STREAM.DELETE.KV_${BUCKETS.config.name}`);
    await eventually(
      async () => {
        decisionOf(await router.decide(request("sim/economy", { max: 1n })));
        const kv = await openBucket(operator, BUCKETS.config);
        return (await kv.get("model.sim.economy")) !== null && (await kv.get("route.-.support")) !== null;
      },
      { reason: "the configuration is back in the bucket", timeoutMs: 20_000, intervalMs: 100 },
    );
  } finally {
    await operator.close();
  }
});

test("an unchanged configuration deploys nothing; a changed price is a new version", async () => {
  const count = async (): Promise<number> =>
    Number((await query<{ n: bigint }>("SELECT count(*) AS n FROM routing.version"))[0]?.n);
  const versions = await count();
  await (await Router.start()).stop();
  assert.equal(await count(), versions);
  const path = join(folder.path, "changed.yaml");
  await writeFile(path, CONFIG.replace('input: "0"', 'input: "1"'));
  const changed = await Router.start({ WAYBILL_CONFIG: path });
  await eventually(async () => decisionOf(await router.decide(request("local/free", { max: 10n }))).holds.length > 0, {
    reason: "the new price is live on the other replica",
  });
  const lists = await query<{ n: bigint }>("SELECT count(*) AS n FROM routing.price WHERE model = 'local/free'");
  assert.equal(Number(lists[0]?.n), 2);
  await changed.stop();
});

test("at the end everything is journaled and every grant goes back", async () => {
  const ending = await Router.start();
  await eventually(
    async () => (await ending.decide(request("sim/premium", { max: 10n }))).outcome?.$case === "decision",
    {
      reason: "a heartbeat was heard",
    },
  );
  const holder = decisionOf(await ending.decide(request("sim/premium", { max: 10n }))).holder;
  assert.equal(await ending.stop(), 0);
  const grants = await query<{ state: string; left: string }>(
    `SELECT state, (cap_pico_usd - debited_pico_usd)::text AS left FROM budget.credit_grant WHERE holder = $1`,
    [holder],
  );
  assert.ok(grants.length > 0);
  for (const grant of grants) assert.deepEqual(grant, { state: "closed", left: "0" });
});

test("without the budget service requests are served from grants in hand, then refused with 503, never 402", async () => {
  await router.decide(request("sim/economy", { max: 10n }));
  const budget = processes.find(({ child }) => child.spawnargs.some((argument) => argument.includes("/budget/")));
  budget?.child.kill("SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 300));
  let served = 0;
  let refusal: Refusal | undefined;
  for (let n = 0; n < 2_000 && !refusal; n += 1) {
    const { outcome } = await router.decide(request("sim/economy", { max: 1_000n }));
    if (outcome?.$case === "decision") served += 1;
    else if (outcome?.$case === "refusal") refusal = outcome.value;
  }
  assert.ok(served > 0);
  assert.equal(refusal?.code, "budget_unavailable");
  assert.ok((refusal?.retryAfterMs ?? 0) > 0);
  await startBudget();
  await eventually(
    async () => (await router.decide(request("sim/economy", { max: 10n }))).outcome?.$case === "decision",
    {
      reason: "the budget service is back",
      timeoutMs: 10_000,
    },
  );
});
