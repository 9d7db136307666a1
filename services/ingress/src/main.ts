// The front door, wired. What happens to a request stands in serve.ts.
import { Publisher } from "@waybill/bus";
import { type ConfigOf, systemClock as clock, makeUuidV7, runService, type ServiceScope } from "@waybill/service";
import { STREAMS } from "@waybill/wire";
import { settings } from "./config.ts";
import { AttemptTable } from "./core/attempt-table.ts";
import { Lives } from "./core/lives.ts";
import { makeAuthenticate } from "./inbound/authenticate.ts";
import { drain } from "./inbound/drain.ts";
import { serveHttp } from "./inbound/http.ts";
import { makeRequestReport } from "./inbound/report-requests.ts";
import { makeSurfaceRoute } from "./inbound/surface-route.ts";
import { listenToWorkers } from "./inbound/worker-messages.ts";
import { startAttemptBus } from "./outbound/attempt-bus.ts";
import { countTokensFor } from "./outbound/count-tokens.ts";
import { makeFilterPorts } from "./outbound/filter-ports.ts";
import { makeFindKey } from "./outbound/find-key.ts";
import { connectIngressBus } from "./outbound/ingress-bus.ts";
import { keepAnswers } from "./outbound/kept-answers.ts";
import { pause } from "./outbound/pause.ts";
import { makePublishWaybill } from "./outbound/publish-waybill.ts";
import { makeUsageRecorder } from "./outbound/record-usage.ts";
import { connectRouters } from "./outbound/router-client.ts";
import { makeVerifyToken } from "./outbound/verify-token.ts";
import { watchDeployed } from "./outbound/watch-config.ts";
import { watchKeys } from "./outbound/watch-keys.ts";
import { watchUsageRoom } from "./outbound/watch-usage-room.ts";

async function start(config: ConfigOf<typeof settings>, scope: ServiceScope): Promise<void> {
  const { serviceId: ingressId, onStop } = scope;
  const table = new AttemptTable({
    workerSilentMs: config.WAYBILL_WORKER_SILENT_MS,
    lastFrameMs: 1_000,
    overdueMs: 5_000,
    // Nobody can ask about an attempt once WORK has dropped its waybill.
    keepEndedMs: STREAMS.work.maxAgeMs,
  });
  const lives = new Lives(clock.monotonicMs());
  const bus = await connectIngressBus(config, scope, () => {
    for (const silence of [table, lives]) silence.forgiveSilence(clock.monotonicMs());
  });
  const publisher = new Publisher(bus.control);
  const usage = makeUsageRecorder(publisher, scope);
  const room = watchUsageRoom(bus, scope);
  const life = makeUuidV7();
  const attempts = startAttemptBus({ ...bus, ingressId, life, table, clock }, scope);
  listenToWorkers({ ...bus, ingressId, table, lives, clock }, scope);
  const { models, policies, selectFilters } = watchDeployed(bus.control, scope);
  const authenticate = makeAuthenticate({
    ...makeFindKey(config.WAYBILL_BUDGET_URLS, config.WAYBILL_SERVICE_TOKEN, scope),
    ...watchKeys(bus.control, scope),
    verifyToken: makeVerifyToken(config, clock),
    ...{ isConnected: bus.isConnected, cacheMs: config.WAYBILL_KEY_CACHE_MS, clock },
  });
  const ports = {
    ...{ authenticate, attempts, recordUsage: usage.record, pause, policies, clock, selectFilters },
    ...{ countTokens: countTokensFor(scope), decisions: connectRouters({ config, ...attempts }, scope) },
    publishWaybill: makePublishWaybill(publisher, bus.isConnected),
    ...makeFilterPorts(publisher, config.WAYBILL_FILTER_WEBHOOK_SECRET, scope, clock),
    ...keepAnswers({ ...bus, config, life, lives, clock }, scope),
  };
  const report = makeRequestReport(scope, clock);
  const route = makeSurfaceRoute(ports, config, report, scope);
  let isDraining = false;
  const http = await serveHttp(config, {
    makeId: makeUuidV7,
    authenticate,
    listModels: (reader) => models.list(reader),
    serve: route.handle,
    countTokens: route.countTokens,
    failReading: route.failReading,
    onRefused: report.refused,
    refusal() {
      if (isDraining) return "draining";
      if (!bus.isConnected()) return "bus_unavailable";
      return room.hasRoom() && !usage.isFull() ? undefined : "usage_unavailable";
    },
  });
  scope.log.info({ port: http.port }, "listening");
  onStop("http", (limitMs) => {
    isDraining = true;
    return drain(http, route, () => attempts.cancelAll("draining"), clock, limitMs);
  });
}

await runService({ name: "ingress", settings, start });
