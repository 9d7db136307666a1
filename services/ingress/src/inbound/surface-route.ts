// One POST on a surface: limits on what is open at once, the story, then its span and its report.
import type { Socket } from "node:net";
import { WaybillError } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import type { Surface } from "@waybill/surfaces";
import type { FastifyReply, FastifyRequest } from "fastify";
import { countTokens } from "../core/count-tokens.ts";
import { checkSurface } from "../core/key-limits.ts";
import { type ServeLimits, type ServePorts, serve } from "../serve.ts";
import { Bodies, type BodyLimits } from "./bodies.ts";
import { HttpClient } from "./http-client.ts";
import { presentedKey } from "./presented-key.ts";
import { ReaderRoom } from "./reader-room.ts";
import type { RequestReport } from "./report-requests.ts";

export interface SurfaceRouteConfig extends BodyLimits {
  WAYBILL_OPEN_REQUESTS_MAX: number;
  WAYBILL_STREAM_BUFFER_BYTES_MAX: number;
  WAYBILL_ALL_BUFFERS_BYTES_MAX: number;
  WAYBILL_HEARTBEAT_MS: number;
  WAYBILL_CLAIM_TIMEOUT_MS: number;
  WAYBILL_ANSWER_BYTES_MAX: number;
  WAYBILL_KEPT_ANSWER_BYTES_MAX: number;
}

export interface SurfaceRoute {
  readonly openRequests: number;
  handle(surface: Surface, request: FastifyRequest, reply: FastifyReply, requestId: string): Promise<void>;
  /** Says how large an input is, without asking a provider: POST /v1/messages/count_tokens. */
  countTokens(request: FastifyRequest, reply: FastifyReply, requestId: string): Promise<void>;
  /** The body that comes in on this connection will never be whole. */
  failReading(socket: Socket, error: WaybillError): void;
  /** Open requests are the last ones of their connections. */
  closeAfterAnswers(): void;
  /** Ends what is still open with an error, in-band where a stream has begun. */
  failAll(error: WaybillError): void;
}

export function makeSurfaceRoute(
  ports: ServePorts,
  config: SurfaceRouteConfig,
  report: RequestReport,
  { serviceId: ingressId, metrics, tracing }: ServiceScope,
): SurfaceRoute {
  const { clock } = ports;
  const limits: ServeLimits = {
    claimTimeoutMs: config.WAYBILL_CLAIM_TIMEOUT_MS,
    answerBytesMax: config.WAYBILL_ANSWER_BYTES_MAX,
    keptAnswerBytesMax: config.WAYBILL_KEPT_ANSWER_BYTES_MAX,
  };
  const open = new Set<HttpClient>();
  const bodies = new Bodies(config);
  const room = readerRoom(config, metrics);
  let streamsOpen = 0;
  metrics.gauge("waybill_ingress_requests_open", "Requests being served", () => open.size);
  metrics.gauge("waybill_ingress_bodies_open_bytes", "Request bodies in memory", () => bodies.openBytes);
  metrics.gauge("waybill_ingress_streams_open", "Streams being relayed", () => streamsOpen);

  return {
    get openRequests() {
      return open.size;
    },
    async handle(surface, request, reply, requestId) {
      if (open.size >= config.WAYBILL_OPEN_REQUESTS_MAX) throw new WaybillError("overloaded");
      let startMs = clock.monotonicMs();
      const { headers } = request;
      const span = tracing.start(`POST ${surface.path}`, "server", textOf(headers.traceparent));
      reply.hijack();
      let isStreaming = false;
      const client = new HttpClient(request.raw, reply.raw, {
        requestId,
        bufferBytesMax: config.WAYBILL_STREAM_BUFFER_BYTES_MAX,
        room,
        heartbeatMs: config.WAYBILL_HEARTBEAT_MS,
        onFirstByte: () => {
          report.firstByte(startMs);
          isStreaming = client.hasContent;
          if (isStreaming) streamsOpen += 1;
        },
      });
      const upload = bodies.upload(request.raw);
      const readBody = async (): Promise<Buffer> => {
        const askedAtMs = clock.monotonicMs();
        const body = await upload.read();
        // The time that a client takes to send is not the gateway's.
        startMs += clock.monotonicMs() - askedAtMs;
        return body;
      };
      open.add(client);
      const { traceparent } = span;
      const asking = { surface, requestId, ingressId, headers, presentedKey: presentedKey(request) };
      try {
        const served = await serve({ ...asking, readBody, traceparent }, client, ports, limits);
        span.end({ "waybill.request_id": requestId, "waybill.code": served.code });
        report.served(served, startMs, requestId, span.traceId);
      } finally {
        open.delete(client);
        upload.release();
        if (isStreaming) streamsOpen -= 1;
      }
    },
    countTokens: (request, reply, requestId) => answerCount(ports, bodies, request, reply, requestId),
    failReading: (socket, error) => bodies.failReading(socket, error),
    closeAfterAnswers() {
      for (const client of open) client.closeAfterAnswer();
    },
    failAll(error) {
      for (const client of open) client.fail(error);
    },
  };
}

function readerRoom(config: SurfaceRouteConfig, metrics: ServiceScope["metrics"]): ReaderRoom {
  const cut = metrics.counter(
    "waybill_ingress_readers_cut_total",
    "Readers cut because too much waited for all of them",
  );
  const room = new ReaderRoom(config.WAYBILL_ALL_BUFFERS_BYTES_MAX, () => cut(1));
  metrics.gauge(
    "waybill_ingress_readers_waiting_bytes",
    "Answers in memory that their readers have not taken",
    () => room.bytes,
  );
  return room;
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}

/** Bounded like every body, and of no interest to anybody else. */
async function answerCount(
  { authenticate }: ServePorts,
  bodies: Bodies,
  request: FastifyRequest,
  reply: FastifyReply,
  requestId: string,
): Promise<void> {
  checkSurface(await authenticate(presentedKey(request)), "anthropic-messages");
  const upload = bodies.upload(request.raw);
  try {
    const inputTokens = countTokens(await upload.read());
    const ids = { "x-request-id": requestId, "request-id": requestId };
    void reply.headers({ ...ids, "x-waybill-token-count": "estimated" }).send({ input_tokens: inputTokens });
  } finally {
    upload.release();
  }
}
