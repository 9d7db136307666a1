// One POST /v1/chat/completions: limits on what is open at once, the story, then its metrics, span and log line.

import { WaybillError } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Served, ServeLimits, ServePorts } from "../serve-chat.ts";
import { serveChat } from "../serve-chat.ts";
import { presentedKey } from "./http.ts";
import { HttpClient } from "./http-client.ts";

export interface ChatRouteConfig {
  WAYBILL_OPEN_REQUESTS_MAX: number;
  WAYBILL_OPEN_BODIES_BYTES_MAX: number;
  WAYBILL_STREAM_BUFFER_BYTES_MAX: number;
  WAYBILL_CLAIM_TIMEOUT_MS: number;
  WAYBILL_ANSWER_BYTES_MAX: number;
}

export interface ChatRoute {
  readonly openRequests: number;
  handle(request: FastifyRequest, reply: FastifyReply, requestId: string, body: Buffer): Promise<void>;
  /** Ends what is still open with an error, in-band where a stream has begun. */
  failAll(error: WaybillError): void;
}

export function makeChatRoute(
  ports: ServePorts,
  config: ChatRouteConfig,
  { serviceId: ingressId, log, metrics, tracing }: ServiceScope,
): ChatRoute {
  const { clock } = ports;
  const limits: ServeLimits = {
    claimTimeoutMs: config.WAYBILL_CLAIM_TIMEOUT_MS,
    answerBytesMax: config.WAYBILL_ANSWER_BYTES_MAX,
  };
  const open = new Set<HttpClient>();
  let openBodiesBytes = 0;
  const requests = metrics.counter("waybill_ingress_requests_total", "Requests by result code and route");
  const addedMs = metrics.histogram(
    "waybill_ingress_added_latency_ms",
    "Time in the gateway that was not the provider's",
  );
  const firstByteMs = metrics.histogram("waybill_ingress_time_to_first_token_ms", "Request in to first byte out");
  metrics.gauge("waybill_ingress_requests_open", "Requests being served", () => open.size);
  metrics.gauge("waybill_ingress_bodies_open_bytes", "Request bodies in memory", () => openBodiesBytes);
  let streamsOpen = 0;
  metrics.gauge("waybill_ingress_streams_open", "Streams being relayed", () => streamsOpen);

  const admit = (body: Buffer): WaybillError | undefined => {
    if (open.size >= config.WAYBILL_OPEN_REQUESTS_MAX) return new WaybillError("overloaded");
    return openBodiesBytes + body.length > config.WAYBILL_OPEN_BODIES_BYTES_MAX
      ? new WaybillError("overloaded")
      : undefined;
  };

  const finish = (served: Served, startMs: number, requestId: string, traceId: string): void => {
    const totalMs = clock.monotonicMs() - startMs;
    const route = served.decision?.route ?? "";
    requests(1, { code: served.code, route });
    const providerMs = served.end?.kind === "complete" ? served.end.finished.durationMs : undefined;
    if (providerMs !== undefined) addedMs(Math.max(0, totalMs - providerMs));
    log.info(
      {
        request_id: requestId,
        trace_id: traceId,
        code: served.code,
        organisation: served.key?.attribution?.organisationId,
        team: served.key?.attribution?.teamId,
        key_id: served.key?.keyId,
        route: served.decision?.route,
        provider: served.decision?.target?.provider,
        model: served.decision?.target?.model,
        attempts: served.decision?.attempt,
        total_ms: Math.round(totalMs * 100) / 100,
        provider_ms: providerMs,
      },
      "served",
    );
  };

  return {
    get openRequests() {
      return open.size;
    },
    async handle(request, reply, requestId, body) {
      const refused = admit(body);
      if (refused) throw refused;
      const startMs = clock.monotonicMs();
      const parent = request.headers.traceparent;
      const span = tracing.start("POST /v1/chat/completions", "server", typeof parent === "string" ? parent : "");
      reply.hijack();
      let streaming = false;
      const client = new HttpClient(request.raw, reply.raw, requestId, config.WAYBILL_STREAM_BUFFER_BYTES_MAX, () => {
        firstByteMs(clock.monotonicMs() - startMs);
        if (client.hasContent) {
          streaming = true;
          streamsOpen += 1;
        }
      });
      open.add(client);
      openBodiesBytes += body.length;
      const call = {
        requestId,
        ingressId,
        headers: request.headers,
        presentedKey: presentedKey(request),
        body,
        traceparent: span.traceparent,
      };
      const served = await serveChat(call, client, ports, limits);
      open.delete(client);
      openBodiesBytes -= body.length;
      if (streaming) streamsOpen -= 1;
      span.end({ "waybill.request_id": requestId, "waybill.code": served.code });
      finish(served, startMs, requestId, span.traceId);
    },
    failAll(error) {
      for (const client of open) client.fail(error);
    },
  };
}
