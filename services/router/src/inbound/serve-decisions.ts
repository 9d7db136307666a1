// RouterService and RoutingAdminService on one port: begins as soon as the process is there, and refuses until it can decide.
import { serveRpc } from "@waybill/rpc";
import type { ConfigOf, ServiceScope } from "@waybill/service";
import type { settings } from "../config.ts";
import type { Decide } from "../decide.ts";
import { type ExtendOptions, extendHold } from "../extend-hold.ts";
import type { RateKeeper } from "../rate-keeper.ts";
import type { Till } from "../till.ts";
import { type AdminOptions, serveAdmin } from "./admin.ts";
import { serveRouter } from "./grpc.ts";

/** Streams that were told to end may take this long to be gone. */
const CLOSE_MS = 5_000;

export async function serveDecisions(
  config: ConfigOf<typeof settings>,
  { log, tracing, onStop }: ServiceScope,
  {
    decide,
    till,
    rates,
    extend,
    admin,
  }: {
    decide: Decide;
    till: Till;
    rates: RateKeeper;
    extend: ExtendOptions;
    admin: Omit<AdminOptions, "onError">;
  },
): Promise<void> {
  const server = await serveRpc({
    host: config.WAYBILL_GRPC_HOST,
    port: config.WAYBILL_GRPC_PORT,
    accepted: config.WAYBILL_ACCEPTED_TOKENS,
  });
  onStop("grpc server", (limitMs) => server.stop(Math.min(limitMs, CLOSE_MS)));
  const service = serveRouter(server, {
    decide,
    tracing,
    ended: (attemptId, tokens) => rates.ended(attemptId, tokens),
    ingressGone: (ingressId) => rates.ingressGone(ingressId),
    extendHold: (request, deadlineMs) => extendHold(request, extend, deadlineMs),
    journalReported: (attempts) => till.journalReported(attempts),
    onError: (error) => log.error({ err: error }, "a decision failed"),
  });
  serveAdmin(server, { ...admin, onError: (error) => log.error({ err: error }, "an admin call failed") });
  onStop("decisions", () => {
    server.health.set(false);
    service.drain();
  });
  server.health.set(true);
  log.info({ grpc_port: server.port }, "serving");
}
