// What a decision costs, in microseconds of CPU in one process: resolve, walk, filter, score, hold on three budgets from grants in
// hand, explain, record. The budget service is a stub that gives every grant and acknowledges every line; no gRPC is in the figures.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { makeUuidV7, systemClock } from "@waybill/service";
import { twentyNodeRoute } from "@waybill/testing";
import { Attribution, DecideRequest, DecisionBatch, type DecisionRecord, Features, Timeouts } from "@waybill/wire";
import { EMPTY_SCOPE } from "./core/budget-index.ts";
import { Draws } from "./core/draws.ts";
import { LiveModels } from "./core/live-models.ts";
import { compileRoute } from "./core/route/compile.ts";
import { SEED_ROUTE_DOCUMENT } from "./core/route/seed.ts";
import { sampleBudget, sampleModel, samplePrice } from "./core/sample-models.ts";
import { Sessions } from "./core/sessions.ts";
import { Snapshot } from "./core/snapshot.ts";
import { Decide } from "./decide.ts";
import type { BudgetService } from "./ports.ts";
import { RateKeeper } from "./rate-keeper.ts";
import { Till } from "./till.ts";

const RATIO_MAX = 5;
const RATE_LIMITS_RATIO_MAX = 2;
const OTHER_BUDGETS = 10_000;
const WARM_UP = 20_000;
const ROUNDS = 31;
const DECISIONS_PER_ROUND = 1_000;
const GRANT_PICO_USD = 10n ** 17n;

const stub: BudgetService = {
  isOpen: true,
  askGrant: async ({ grantId, lifeMs }) => ({
    kind: "given",
    given: { grantId, amountPicoUsd: GRANT_PICO_USD, windowId: 1n, lifeMs },
  }),
  placeHold: async () => ({ kind: "unanswered", sent: false }),
  journal: async () => true,
};

const till = new Till({
  budgetService: stub,
  clock: systemClock,
  makeId: makeUuidV7,
  hash: (text) => createHash("sha256").update(text).digest("hex"),
  settings: { grantLifeMs: 600_000, holdLifeMs: 660_000 },
  failpoint: () => {},
});
till.setBudgets([
  sampleBudget("organisation", { organisationId: "acme" }),
  sampleBudget("team", { organisationId: "acme", teamId: "support" }),
  sampleBudget("user", { organisationId: "acme", userId: "ada" }),
  ...Array.from({ length: OTHER_BUDGETS }, (_, n) =>
    sampleBudget(`other-${n}`, { organisationId: "o", userId: `u${n}` }),
  ),
]);
for (const id of ["organisation", "team", "user"]) {
  till.setStanding(id, { limit: GRANT_PICO_USD * 100n, posted: 0n, held: 0n, granted: GRANT_PICO_USD });
}

const snapshot = new Snapshot();
const live = new LiveModels();
for (const model of [sampleModel("sim/premium"), sampleModel("sim/economy")]) snapshot.setModel(model);
snapshot.setAlias("better", "sim/premium");
snapshot.setAlias("cheaper", "sim/economy");
deploy("support", SEED_ROUTE_DOCUMENT);

const POOL = Array.from({ length: 30 }, (_, n) => `pool/m${n}`);
for (const [n, id] of POOL.entries()) {
  const price = samplePrice(BigInt(100_000 + n * 50_000), BigInt(400_000 + n * 200_000));
  snapshot.setModel(sampleModel(id, { price, quality: new Map([["", 0.7 + n * 0.01]]) }));
}
deploy("ladder", twentyNodeRoute(POOL, "sim/premium", "sim/economy"));

function deploy(name: string, document: unknown): void {
  const { route, problems } = compileRoute({ organisationId: "", name, version: 1 }, document);
  assert.ok(route, JSON.stringify(problems));
  snapshot.setRoute(route);
}

/** What is recorded is also encoded, as it is on its way to the bus, once per round. */
let recorded: DecisionRecord[] = [];

const rates = new RateKeeper({
  ask: async ({ asks }) => ({
    answers: asks.map(({ counterId, wants }) => ({
      counterId,
      given: wants.map(({ teamId, waiting, ahead }) => ({ teamId, given: waiting + ahead + 2_000n, waitMs: 0 })),
      level: 10n ** 9n,
      routers: 1,
    })),
  }),
  isServiceOpen: () => true,
  clock: systemClock,
  hash: (text) => createHash("sha256").update(text).digest("hex"),
  onAlone: () => {},
});

const decide = new Decide({
  snapshot,
  rates,
  live,
  till,
  clock: systemClock,
  draws: new Draws(() => 0.5),
  sessions: new Sessions(),
  routerId: "router-1",
  record: (record) => void recorded.push(record),
  holder: makeUuidV7(),
  timeouts: Timeouts.fromPartial({ connectMs: 5_000, firstTokenMs: 60_000, gapMs: 30_000, totalMs: 600_000 }),
  holdLifeMs: 660_000,
  budgetWaitMs: 1_000,
  leastOutputTokens: 16,
  isReady: () => true,
  observe: { decided() {}, waitedForBudget() {}, unheld() {} },
  failpoint: () => {},
});

function makeRequest(model: string): DecideRequest {
  const features = Features.fromPartial({
    requestedModel: model,
    choiceCount: 1,
    inputTextBytes: 2_000n,
    inputPartCount: 3,
    estimatedInputTokens: 500n,
    maxOutputTokens: 500n,
    metadata: { user_plan: "paid", user_id: "user-1", region: "us-east", seats: "12" },
    headers: { "user-agent": "OpenAI/JS 6.49.0", "content-type": "application/json" },
    path: "/v1/chat/completions",
  });
  const attribution = Attribution.fromPartial({ organisationId: "acme", teamId: "support", userId: "ada", keyId: "k" });
  return DecideRequest.fromPartial({ requestId: makeUuidV7(), ingressId: "i", attribution, features });
}

function beat(): void {
  const models = ["sim/premium", "sim/economy", ...POOL].map((id) => {
    const [provider = "", model = ""] = id.split("/");
    return { provider, model };
  });
  live.heard({ workerId: "w", models, draining: false, targets: [] }, systemClock.monotonicMs());
}

/** The median of the rounds: a round in which the machine did something else does not count. */
async function medianUs(model: string, rateLimits = 0): Promise<number> {
  const request = makeRequest(model);
  beat();
  const first = await decide.decide(request, 0);
  assert.equal(first.outcome?.$case, "decision");
  assert.equal(first.outcome.value.holds.length, 3);
  assert.equal(first.outcome.value.rateLimits.length, Math.min(1, rateLimits));
  for (let n = 0; n < WARM_UP; n += 1) {
    if (n % DECISIONS_PER_ROUND === 0) recorded = [];
    await decide.decide(request, 0);
  }
  const perDecisionUs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    beat();
    const before = process.cpuUsage();
    recorded = [];
    for (let n = 0; n < DECISIONS_PER_ROUND; n += 1) await decide.decide(request, 0);
    assert.ok(DecisionBatch.encode({ records: recorded, answers: [] }).finish().length > 0);
    const { user, system } = process.cpuUsage(before);
    perDecisionUs.push((user + system) / DECISIONS_PER_ROUND);
    // The journal goes out between rounds, as it does between requests.
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return perDecisionUs.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

// Absolute times drift with the machine, so they are said and not judged; how much more a large route costs than none is judged.
test("twenty nodes and thirty candidates cost at most a few times what a model by its name costs", async (t) => {
  const costUs = new Map<string, number>();
  for (const model of ["sim/premium", "dynamic/support", "dynamic/ladder"]) {
    const us = await medianUs(model);
    costUs.set(model, us);
    t.diagnostic(
      `${model}: ${us.toFixed(1)} µs CPU per decision (median of ${ROUNDS} rounds of ${DECISIONS_PER_ROUND})`,
    );
  }
  const ratio = (costUs.get("dynamic/ladder") ?? 0) / (costUs.get("sim/premium") ?? 1);
  assert.ok(ratio < RATIO_MAX, `${ratio.toFixed(1)} times`);
});

test("three rate limits that have room add little to that", async (t) => {
  const scope = { ...EMPTY_SCOPE, organisationId: "acme" };
  const limit = { scope, unit: "requests", amount: 10 ** 8, perSeconds: 1, burst: 10 ** 8 };
  const costUs: number[] = [];
  for (const limits of [[], ["l1", "l2", "l3"]]) {
    rates.setLimits(limits.map((id) => ({ ...limit, id, name: id })));
    costUs.push(await medianUs("sim/premium", limits.length));
  }
  t.diagnostic(`without ${costUs[0]?.toFixed(1)} µs, with three ${costUs[1]?.toFixed(1)} µs CPU per decision`);
  assert.ok((costUs[1] ?? 0) < (costUs[0] ?? 0) * RATE_LIMITS_RATIO_MAX);
});

test("what was held is journaled and given back", async () => {
  assert.equal(await till.stop(5_000), 0);
});
