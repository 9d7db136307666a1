// The front door, wired: connections, ports, the HTTP server. What happens to a request stands in serve-chat.ts.
import { connectBus, declareStream, Publisher, serverCaveat } from "@waybill/bus";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { type ConfigOf, makeUuidV7, runService, type ServiceScope, systemClock } from "@waybill/service";
import { STREAMS } from "@waybill/wire";
import { settings } from "./config.ts";
import { AttemptTable } from "./core/attempt-table.ts";
import { makeAuthenticate } from "./inbound/authenticate.ts";
import { makeChatRoute } from "./inbound/chat-route.ts";
import { serveHttp } from "./inbound/http.ts";
import { listenToWorkers } from "./inbound/worker-messages.ts";
import { startAttemptBus } from "./outbound/attempt-bus.ts";
import { makeFindKey } from "./outbound/find-key.ts";
import { makePublishWaybill } from "./outbound/publish-waybill.ts";
import { makeUsageRecorder } from "./outbound/record-usage.ts";
import { connectRouters } from "./outbound/router-client.ts";
import { watchDeployedModels } from "./outbound/watch-config.ts";
import { watchRevokedKeys } from "./outbound/watch-keys.ts";
import { watchUsageRoom } from "./outbound/watch-usage-room.ts";

/** Ended attempts whose record nobody confirmed are kept as long as WORK keeps a waybill. */
const KEEP_ENDED_MS = STREAMS.work.maxAgeMs;

async function start(config: ConfigOf<typeof settings>, scope: ServiceScope): Promise<void> {
  const { serviceId: ingressId, log, health, metrics, tracing } = scope;
  const clock = systemClock;
  const ready = {
    nats: health.condition("nats", `cannot reach ${config.NATS_URL}`),
    keys: health.condition("revoked keys", "not told yet"),
    models: health.condition("deployed models", "the router has deployed nothing yet"),
    router: health.condition("router", `none of ${config.WAYBILL_ROUTER_URLS.join(", ")} answers`),
  };
  const table = new AttemptTable({ workerSilentMs: config.WAYBILL_WORKER_SILENT_MS, keepEndedMs: KEEP_ENDED_MS });

  let connected = false;
  const bus = {
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    service: "ingress" as const,
    onProblem: (detail: string) => log.warn({ detail }, "nats"),
  };
  const declareStreams = async (): Promise<void> => {
    await declareStream(control, STREAMS.work);
    await declareStream(control, STREAMS.usage);
    table.forgiveSilence(clock.monotonicMs());
    connected = true;
    ready.nats.set(true);
  };
  const onConnected = (isBack: boolean): void => {
    connected = false;
    ready.nats.set(false, `lost the connection to ${config.NATS_URL}`);
    if (isBack) declareStreams().catch((error: unknown) => log.warn({ err: error }, "cannot declare streams"));
  };
  const control = await connectBus({ ...bus, name: `${ingressId} control`, onConnected });
  scope.onStop("nats control", () => control.close());
  const tokens = await connectBus({ ...bus, name: `${ingressId} tokens` });
  scope.onStop("nats tokens", () => tokens.close());
  await declareStreams();
  const caveat = serverCaveat(control);
  if (caveat) log.warn(caveat);

  const publisher = new Publisher(control);
  const usage = makeUsageRecorder(publisher);
  scope.onStop("usage records", async (limitMs) => {
    const lost = await usage.flush(limitMs);
    if (lost > 0)
      log.error({ records: lost }, "void records not stored; their holds are reaped at the end of their life");
  });
  metrics.gauge("waybill_ingress_usage_waiting", "Usage records not stored yet", () => usage.waiting);
  const room = watchUsageRoom(control, () => connected);
  scope.onStop("usage room", () => room.stop());

  const attempts = startAttemptBus({ control, ingressId, table, clock });
  scope.onStop("attempts", () => attempts.stop());
  metrics.gauge("waybill_ingress_attempts_known", "Attempts somebody may still ask about", () => table.size);
  const onMalformed = (subject: string, error: unknown): void => log.warn({ subject, err: error }, "malformed message");
  const workers = listenToWorkers({ control, tokens, ingressId, table, clock, onMalformed });
  scope.onStop("worker messages", () => workers.stop());

  const revoked = watchRevokedKeys(control, (current, why) => ready.keys.set(current, why));
  scope.onStop("revoked keys", () => revoked.stop());
  const models = watchDeployedModels(control, (current, why) => ready.models.set(current, why));
  scope.onStop("deployed models", () => models.stop());
  const accounts = makeFindKey(config.WAYBILL_BUDGET_URLS, config.WAYBILL_SERVICE_TOKEN);
  scope.onStop("accounts", () => accounts.stop());
  const authenticate = makeAuthenticate({
    findKey: accounts.find,
    isRevoked: (keyId) => revoked.has(keyId),
    isConnected: () => connected,
    cacheMs: config.WAYBILL_KEY_CACHE_MS,
    clock,
  });
  const decisions = connectRouters({
    urls: config.WAYBILL_ROUTER_URLS,
    token: config.WAYBILL_SERVICE_TOKEN,
    timeoutMs: config.WAYBILL_DECIDE_TIMEOUT_MS,
    openAttempts: attempts.openAttempts,
    onState: (reachable) => ready.router.set(reachable, "no router answers"),
    onProblem: (detail) => log.warn({ detail }, "router"),
  });
  scope.onStop("routers", () => decisions.stop());

  const chat = makeChatRoute({
    ingressId,
    ports: {
      authenticate,
      decisions,
      attempts,
      publishWaybill: makePublishWaybill(publisher, () => connected),
      recordUsage: usage.record,
      clock,
    },
    limits: { claimTimeoutMs: config.WAYBILL_CLAIM_TIMEOUT_MS, answerBytesMax: config.WAYBILL_ANSWER_BYTES_MAX },
    clock,
    log,
    metrics,
    tracing,
    openRequestsMax: config.WAYBILL_OPEN_REQUESTS_MAX,
    openBodiesBytesMax: config.WAYBILL_OPEN_BODIES_BYTES_MAX,
    streamBufferBytesMax: config.WAYBILL_STREAM_BUFFER_BYTES_MAX,
  });
  let draining = false;
  const refusal = (): ErrorCode | undefined => {
    if (draining) return "draining";
    if (!connected) return "bus_unavailable";
    return room.hasRoom && !usage.isFull ? undefined : "usage_unavailable";
  };
  const http = await serveHttp({
    host: config.WAYBILL_HTTP_HOST,
    port: config.WAYBILL_HTTP_PORT,
    bodyBytesMax: config.WAYBILL_BODY_BYTES_MAX,
    receiveTimeoutMs: config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS,
    makeId: makeUuidV7,
    authenticate,
    listModels: models.list,
    serveChat: chat.handle,
    refusal,
  });
  log.info({ port: http.port }, "listening");
  scope.onStop("http", async (limitMs) => {
    draining = true;
    const closed = http.close();
    const endsAtMs = clock.monotonicMs() + limitMs;
    while (chat.openRequests > 0 && clock.monotonicMs() < endsAtMs) await new Promise((r) => setTimeout(r, 20));
    // Past the limit a stream ends with an error event, and its worker books what was delivered.
    attempts.cancelAll("draining");
    chat.failAll(new WaybillError("draining"));
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  });
}

await runService({ name: "ingress", settings, start });
