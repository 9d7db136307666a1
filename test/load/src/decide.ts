// Microseconds of CPU per decision, in one process: resolve, walk, filter, hold on three budgets from grants in hand, explain.
// The budget service is a stub that gives every grant and acknowledges every line, and no gRPC is in the figures.
// Run from the root: node --conditions=source --import tsx test/load/src/decide.ts [how many other budgets there are]
import { makeUuidV7, systemClock } from "@waybill/service";
import { Attribution, DecideRequest, Features, Timeouts } from "@waybill/wire";
import { LiveModels } from "../../../services/router/src/core/live-models.ts";
import { compileRoute } from "../../../services/router/src/core/route/compile.ts";
import { SEED_ROUTE_DOCUMENT } from "../../../services/router/src/core/route/seed.ts";
import { sampleBudget, sampleModel } from "../../../services/router/src/core/sample-models.ts";
import { Snapshot } from "../../../services/router/src/core/snapshot.ts";
import { Decide } from "../../../services/router/src/decide.ts";
import type { BudgetService } from "../../../services/router/src/ports.ts";
import { Till } from "../../../services/router/src/till.ts";
import { percentiles } from "./percentiles.ts";

const WARM_UP = 20_000;
const ROUNDS = 100;
const DECISIONS_PER_ROUND = 1_000;
const GRANT_PICO_USD = 10n ** 17n;

const otherBudgets = Number(process.argv[2] ?? 10_000);

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
  settings: { grantLifeMs: 600_000, holdLifeMs: 660_000 },
  failpoint: () => {},
});
till.setBudgets([
  sampleBudget("organisation", { organisationId: "acme" }),
  sampleBudget("team", { organisationId: "acme", teamId: "support" }),
  sampleBudget("user", { organisationId: "acme", userId: "ada" }),
  ...Array.from({ length: otherBudgets }, (_, n) =>
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
const { route } = compileRoute("support", 1, SEED_ROUTE_DOCUMENT);
if (route) snapshot.setRoute(route);

const decide = new Decide({
  snapshot,
  live,
  till,
  clock: systemClock,
  holder: makeUuidV7(),
  timeouts: Timeouts.fromPartial({ connectMs: 5_000, firstTokenMs: 60_000, gapMs: 30_000, totalMs: 600_000 }),
  holdLifeMs: 660_000,
  budgetWaitMs: 1_000,
  leastOutputTokens: 16,
  isConfigured: () => true,
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
    metadata: { user_plan: "paid" },
  });
  const attribution = Attribution.fromPartial({ organisationId: "acme", teamId: "support", userId: "ada", keyId: "k" });
  return DecideRequest.fromPartial({ requestId: makeUuidV7(), ingressId: "i", attribution, features });
}

async function measure(model: string): Promise<void> {
  const request = makeRequest(model);
  const beat = (): void => {
    const models = ["premium", "economy"].map((name) => ({ provider: "sim", model: name }));
    live.heard({ workerId: "w", models, draining: false }, systemClock.monotonicMs());
  };
  beat();
  const first = await decide.decide(request, 0);
  if (first.outcome?.$case !== "decision") throw new Error(`refused: ${first.outcome?.value.code}`);
  if (first.outcome.value.holds.length !== 3) throw new Error("the decision holds nothing");
  for (let n = 0; n < WARM_UP; n += 1) await decide.decide(request, 0);
  const perDecisionUs = new Float64Array(ROUNDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    beat();
    const before = process.cpuUsage();
    for (let n = 0; n < DECISIONS_PER_ROUND; n += 1) await decide.decide(request, 0);
    const { user, system } = process.cpuUsage(before);
    perDecisionUs[round] = (user + system) / DECISIONS_PER_ROUND;
    // The journal goes out between rounds, as it does between requests.
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const { p50, p90, max } = percentiles([perDecisionUs]);
  const show = (us: number): string => us.toFixed(1);
  process.stdout.write(
    `${model.padEnd(16)} p50 ${show(p50)} µs, p90 ${show(p90)} µs, max ${show(max)} µs CPU per decision\n`,
  );
}

process.stdout.write(`three budgets match, ${otherBudgets} others; ${ROUNDS} rounds of ${DECISIONS_PER_ROUND}\n`);
for (const model of ["sim/premium", "dynamic/support"]) await measure(model);
await till.stop(1_000);
