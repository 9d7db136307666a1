// The router: decides which model serves a request, and holds the money for it. Wiring only; nothing here waits for a
// dependency: readiness says what is still missing.
import {
  type ConfigOf,
  systemClock as clock,
  makeFailpoint,
  makeUuidV7,
  runService,
  type ServiceScope,
} from "@waybill/service";
import { migrate } from "@waybill/store";
import { checkConfiguration, migrations, readOwnerUrl, readWaybillFile, settings } from "./config.ts";
import { AnswerLengths } from "./core/answer-lengths.ts";
import { Draws } from "./core/draws.ts";
import { LiveModels } from "./core/live-models.ts";
import { Sessions } from "./core/sessions.ts";
import { Snapshot } from "./core/snapshot.ts";
import { Decide } from "./decide.ts";
import { listenToBus } from "./inbound/listen.ts";
import { serveDecisions } from "./inbound/serve-decisions.ts";
import { deployAndFollow } from "./outbound/deploy-and-follow.ts";
import { measureDecisions, measureState } from "./outbound/measure.ts";
import { openAdmin } from "./outbound/open-admin.ts";
import { openTill } from "./outbound/open-till.ts";
import { DecisionPublisher } from "./outbound/publish-decisions.ts";

/** What is left then loses its explanation. */
const RECORDS_STOP_MS = 2_000;

async function start(config: ConfigOf<typeof settings>, scope: ServiceScope): Promise<void> {
  const file = await readWaybillFile(config.WAYBILL_CONFIG);
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  const holder = makeUuidV7();
  const holdLifeMs = config.WAYBILL_TOTAL_TIMEOUT_MS + config.WAYBILL_HOLD_MARGIN_MS;
  const [snapshot, live, lengths] = [new Snapshot(), new LiveModels(), new AnswerLengths()];
  const { till, rates } = openTill(config, scope, { holder, holdLifeMs, failpoint });
  measureState(scope.metrics, till, live, clock);
  const records = new DecisionPublisher({ routerId: scope.serviceId, log: scope.log, metrics: scope.metrics });
  const deployed = deployAndFollow(config, scope, file, snapshot, (nc) => {
    listenToBus(nc, { live, lengths, till, clock, log: scope.log });
    records.connected(nc);
  });
  scope.onStop("decision records", (limitMs) => records.stop(Math.min(limitMs, RECORDS_STOP_MS)));
  const timeouts = {
    connectMs: config.WAYBILL_CONNECT_TIMEOUT_MS,
    firstTokenMs: config.WAYBILL_FIRST_TOKEN_TIMEOUT_MS,
    gapMs: config.WAYBILL_GAP_TIMEOUT_MS,
    totalMs: config.WAYBILL_TOTAL_TIMEOUT_MS,
  };
  const state = { live, till, clock, draws: new Draws(Math.random), sessions: new Sessions() };
  const observe = measureDecisions(scope.metrics);
  const holding = { holder, holdLifeMs, budgetWaitMs: config.WAYBILL_BUDGET_WAIT_MS, observe };
  const decide = new Decide({
    ...{ ...state, ...holding, snapshot, rates, timeouts, failpoint, routerId: scope.serviceId },
    leastOutputTokens: config.WAYBILL_LEAST_OUTPUT_TOKENS,
    observedOutputTokens: (route, modelId) => lengths.usualOutputTokens(route, modelId, clock.monotonicMs()),
    isReady: () => deployed.isReady,
    record: (record) => records.add(record),
  });
  const admin = openAdmin({
    ...{ deployed, snapshot, state },
    ledger: { urls: config.WAYBILL_LEDGER_URLS, token: config.WAYBILL_SERVICE_TOKEN.reveal() },
  });
  await serveDecisions(config, scope, { decide, till, rates, extend: { till, clock, ...holding }, admin });
}

await runService({
  name: "router",
  settings,
  start,
  commands: {
    // The operator's file belongs to the configuration.
    "--check": async () => {
      await checkConfiguration();
      process.stdout.write("router: the configuration is valid\n");
    },
    "--migrate": async () => {
      const applied = await migrate(readOwnerUrl(), migrations);
      process.stdout.write(`router: ${applied.length === 0 ? "the schema is up to date" : applied.join(", ")}\n`);
    },
  },
});
