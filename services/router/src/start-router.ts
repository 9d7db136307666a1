// The router, wired: what it waits for, who calls it, whom it calls. Nothing here blocks: what is away is waited for in the
// background, and readiness says what for.
import { type NatsConnection, serverCaveat } from "@waybill/bus";
import { serveRpc } from "@waybill/rpc";
import { type ConfigOf, systemClock as clock, makeFailpoint, makeUuidV7, type ServiceScope } from "@waybill/service";
import { openPool } from "@waybill/store";
import { fromWireBudgets, fromWireStanding } from "./budgets-from-wire.ts";
import { readWaybillFile, type settings } from "./config.ts";
import { LiveModels } from "./core/live-models.ts";
import { Snapshot } from "./core/snapshot.ts";
import { Decide } from "./decide.ts";
import { followConfig } from "./inbound/follow-config.ts";
import { serveRouter } from "./inbound/grpc.ts";
import { listenToBus } from "./inbound/listen.ts";
import { type KeptDeployed, keepDeployed } from "./keep-deployed.ts";
import { observeDecisions, observeState } from "./observe.ts";
import { type BudgetStream, connectBudget } from "./outbound/budget-stream.ts";
import { connectInBackground } from "./outbound/bus-connection.ts";
import { watchConfigBucket } from "./outbound/config-bucket.ts";
import type { Observations } from "./ports.ts";
import { Till } from "./till.ts";

type Config = ConfigOf<typeof settings>;

/** Journaling and giving credit back may take this long at the end, whatever the drain limit. */
const GIVE_BACK_MS = 10_000;
const LIVE_SWEEP_MS = 10_000;

export async function startRouter(config: Config, scope: ServiceScope): Promise<void> {
  const { log, metrics, tracing, onStop } = scope;
  const file = await readWaybillFile(config.WAYBILL_CONFIG);
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  const holder = makeUuidV7();
  const snapshot = new Snapshot();
  const live = new LiveModels();

  const { till, stream } = openTill(config, scope, holder, failpoint);
  observeState(metrics, till, live, clock);
  const deployed = deployAndFollow(config, scope, file, snapshot, (nc) =>
    listenToBus(nc, {
      onHeartbeat: (heartbeat) => live.heard(heartbeat, clock.monotonicMs()),
      onRecall: (budgetId) => till.recall(budgetId),
      onProblem: (detail) => log.warn({ detail }, "a message that cannot be used"),
    }),
  );
  const sweep = setInterval(() => live.sweep(clock.monotonicMs()), LIVE_SWEEP_MS);
  onStop("sweep", () => clearInterval(sweep));
  onStop("budget stream", () => stream.stop());
  onStop("grants", async (limitMs) => {
    const linesLeft = await till.stop(Math.max(limitMs, GIVE_BACK_MS));
    if (linesLeft > 0)
      log.error({ lines: linesLeft }, "journal lines left behind; their grants count as spent until reaped");
  });

  const decide = makeDecide(config, { snapshot, live, till, holder, failpoint }, deployed, observeDecisions(metrics));
  const server = await serveRpc({
    host: config.WAYBILL_GRPC_HOST,
    port: config.WAYBILL_GRPC_PORT,
    accepted: config.WAYBILL_ACCEPTED_TOKENS,
  });
  onStop("grpc server", (limitMs) => server.stop(Math.min(limitMs, GIVE_BACK_MS)));
  const service = serveRouter(server, {
    decide,
    tracing,
    journalReported: (attempts) => till.journalReported(attempts),
    onError: (error) => log.error({ err: error }, "a decision failed"),
  });
  onStop("decisions", () => {
    server.health.set(false);
    service.drain();
  });
  server.health.set(true);
  log.info({ grpc_port: server.port, holder }, "serving");
}

function openTill(
  config: Config,
  { log, health }: ServiceScope,
  holder: string,
  failpoint: (name: string) => void,
): { till: Till; stream: BudgetStream } {
  const ready = health.condition("budget", `none of ${config.WAYBILL_BUDGET_URLS.join(", ")} has told its budgets yet`);
  const stream = connectBudget({
    urls: config.WAYBILL_BUDGET_URLS,
    token: config.WAYBILL_SERVICE_TOKEN,
    holder,
    onBudgets(budgets) {
      till.setBudgets(fromWireBudgets(budgets));
      ready.set(true);
    },
    onStandings(standings) {
      for (const standing of standings) till.setStanding(standing.budgetId, fromWireStanding(standing));
    },
    onState(open, problem) {
      if (open) log.info("the budget service is there");
      else log.warn({ detail: problem }, "the budget service is away; serving from grants in hand");
    },
  });
  const settings = { grantLifeMs: config.WAYBILL_GRANT_LIFE_MS, holdLifeMs: holdLifeMs(config) };
  const till = new Till({ budgetService: stream, clock, makeId: makeUuidV7, settings, failpoint });
  return { till, stream };
}

function holdLifeMs(config: Config): number {
  return config.WAYBILL_TOTAL_TIMEOUT_MS + config.WAYBILL_HOLD_MARGIN_MS;
}

interface Deployed {
  readonly isConfigured: boolean;
}

/** Postgres, the bus and the bucket, each in the background. */
function deployAndFollow(
  config: Config,
  { log, health, serviceId, onStop }: ServiceScope,
  file: Awaited<ReturnType<typeof readWaybillFile>>,
  snapshot: Snapshot,
  onBus: (nc: NatsConnection) => void,
): Deployed {
  const ready = {
    nats: health.condition("nats", `cannot reach ${config.NATS_URL}`),
    config: health.condition("configuration", "nothing is deployed yet"),
    postgres: health.condition("postgres", "not reached yet"),
    schema: health.condition("schema", "not looked at yet"),
  };
  const deployed = { isConfigured: false };
  let kept: KeptDeployed | undefined;
  const followed = followConfig({
    snapshot,
    onLost: () => kept?.poke(),
    onProblem: (key, detail) => log.error({ key, detail }, "a deployed value cannot be used"),
  });
  const pool = openPool({
    url: config.DATABASE_URL.reveal(),
    applicationName: serviceId,
    connectionsMax: 2,
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
  });
  onStop("postgres", () => pool.end());
  const bus = connectInBackground({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    service: "router",
    name: serviceId,
    onConnected(connected) {
      ready.nats.set(connected, `lost the connection to ${config.NATS_URL}; trying again`);
      if (connected) kept?.poke();
    },
    onProblem: (detail) => log.warn({ detail }, "nats"),
  });
  onStop("nats", () => bus.stop());
  const bucket = bus.connected.then((nc) => {
    ready.nats.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);
    onBus(nc);
    const onCurrent = (): void => {
      // What another replica deployed is enough to serve: Postgres is needed to change it, not to use it.
      deployed.isConfigured ||= followed.present.size > 0;
      ready.config.set(deployed.isConfigured, "nothing is deployed yet");
    };
    const watched = watchConfigBucket(nc, followed, onCurrent, (detail) =>
      log.warn({ detail }, "configuration bucket"),
    );
    onStop("configuration watch", () => watched.stop());
    return watched.bucket;
  });
  kept = keepDeployed({
    pool,
    file,
    simulatorUrl: config.WAYBILL_SIMULATOR_URL,
    bucket,
    followed,
    clock,
    log,
    postgres: ready.postgres,
    schema: ready.schema,
    onDeployed() {
      deployed.isConfigured = true;
      ready.config.set(true);
    },
  });
  onStop("deploying", () => kept?.stop());
  return deployed;
}

function makeDecide(
  config: Config,
  parts: { snapshot: Snapshot; live: LiveModels; till: Till; holder: string; failpoint: (name: string) => void },
  deployed: Deployed,
  observe: Observations,
): Decide {
  return new Decide({
    ...parts,
    clock,
    timeouts: {
      connectMs: config.WAYBILL_CONNECT_TIMEOUT_MS,
      firstTokenMs: config.WAYBILL_FIRST_TOKEN_TIMEOUT_MS,
      gapMs: config.WAYBILL_GAP_TIMEOUT_MS,
      totalMs: config.WAYBILL_TOTAL_TIMEOUT_MS,
    },
    holdLifeMs: holdLifeMs(config),
    budgetWaitMs: config.WAYBILL_BUDGET_WAIT_MS,
    leastOutputTokens: config.WAYBILL_LEAST_OUTPUT_TOKENS,
    isConfigured: () => deployed.isConfigured,
    observe,
  });
}
