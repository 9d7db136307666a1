// The HTTP server: its routes, their limits, and what is said when a request never reaches the story.
import type { AddressInfo, Socket } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { SURFACES, type Surface } from "@waybill/surfaces";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { answerError } from "./answer-error.ts";
import { ConnectionErrors } from "./connection-errors.ts";
import { addModelsRoutes, type ModelsOptions } from "./models-routes.ts";

export interface HttpConfig {
  WAYBILL_HTTP_HOST: string;
  WAYBILL_HTTP_PORT: number;
  WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: number;
}

export interface HttpOptions extends ModelsOptions {
  makeId(): string;
  /** Serves a POST on a surface; takes over the reply. The body is not read yet. */
  serve(surface: Surface, request: FastifyRequest, reply: FastifyReply, requestId: string): Promise<void>;
  /** Serves POST /v1/messages/count_tokens. */
  countTokens(request: FastifyRequest, reply: FastifyReply, requestId: string): Promise<void>;
  /** The body that comes in on this connection will never be whole. */
  failReading(socket: Socket, error: WaybillError): void;
  /** Undefined: come in. */
  refusal(): ErrorCode | undefined;
  /** Told about every error answer that the story did not give. */
  onRefused(code: ErrorCode): void;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no new connection; idle ones are closed, running requests go on. */
  close(): Promise<void>;
}

/**
 * Connections that may wait to be taken. Node takes one in each turn of its event loop, so many that come at once wait; one that finds no
 * room is tried again by its client's kernel after 1, 3, 7 and 15 seconds. The kernel's net.core.somaxconn is a limit, too.
 */
const BACKLOG_MAX = 4_096;
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** How late a slow head or request may be noticed. */
const TIMEOUT_CHECK_MS = 1_000;

/** What OpenAI serves beside responses and Waybill does not. */
const NAMES_NO_RESPONSE: ReadonlySet<string> = new Set(["input_tokens", "compact"]);

declare module "fastify" {
  interface FastifyRequest {
    requestId: string;
  }
}

export async function serveHttp(config: HttpConfig, options: HttpOptions): Promise<HttpServer> {
  const refuse = (error: WaybillError, request: FastifyRequest, reply: FastifyReply): void => {
    options.onRefused(error.code);
    reply.hijack();
    answerError(request.raw, reply.raw, error, request.requestId);
  };
  const connections = new ConnectionErrors(options);
  const server = fastify({
    logger: false,
    requestTimeout: config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS,
    keepAliveTimeout: 72_000,
    // Streams outlive any drain fastify would do by itself; closing is ours, and so is what is said meanwhile.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      // Node takes the longer of the two for the whole request.
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node's own answer to a missing one has no body and no id; ours is in the hook.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => connections.onError(error, socket),
    // What has no route because its path cannot be read passes no hook.
    frameworkErrors(error, request, reply) {
      request.requestId = options.makeId();
      const refusal = options.refusal();
      refuse(refusal ? new WaybillError(refusal) : toWaybillError(error), request, reply);
    },
  });
  // Node would answer 417 without an id; an expectation that nobody knows may be ignored.
  server.server.on("checkExpectation", (request, response) => server.server.emit("request", request, response));
  server.decorateRequest("requestId", "");
  server.addHook("onRequest", async (request, reply) => {
    request.requestId = options.makeId();
    connections.onRequest(request.raw.socket, reply.raw);
    const refusal = options.refusal();
    if (refusal) throw new WaybillError(refusal);
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      throw new WaybillError("invalid_value", { publicMessage: "The Host header is missing." });
    }
  });
  server.removeAllContentTypeParsers();
  // The body stays where it is until the story asks for it.
  server.addContentTypeParser("application/json", (_request, _payload, done) => done(null));
  server.setErrorHandler((error: FastifyError, request, reply) => refuse(toWaybillError(error), request, reply));
  server.setNotFoundHandler((request, reply) => refuse(notFound(server, request), request, reply));
  addRoutes(server, options);
  await server.listen({ host: config.WAYBILL_HTTP_HOST, port: config.WAYBILL_HTTP_PORT, backlog: BACKLOG_MAX });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => server.close(),
  };
}

function addRoutes(server: FastifyInstance, options: HttpOptions): void {
  for (const surface of SURFACES) {
    server.post(surface.path, async (request, reply) => {
      await options.serve(surface, request, reply, request.requestId);
    });
  }
  server.post("/v1/messages/count_tokens", async (request, reply) => {
    await options.countTokens(request, reply, request.requestId);
    return reply;
  });
  // Whoever asks for a response later, or about one, is told why there is none.
  const noResponse = async ({ params }: FastifyRequest): Promise<never> => {
    const { id } = params as { id: string };
    throw new WaybillError(NAMES_NO_RESPONSE.has(id) ? "not_found" : "responses_not_kept");
  };
  server.all("/v1/responses/:id", noResponse);
  server.all("/v1/responses/:id/*", noResponse);
  addModelsRoutes(server, options);
}

/** The one route whose path has no end of its own. */
const ONE_MODEL = "/v1/models/";

/** What fastify refuses by itself -> our catalogue. */
function toWaybillError(error: FastifyError): WaybillError {
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new WaybillError("unsupported_media_type", { cause: error });
    case "FST_ERR_BAD_URL":
      return new WaybillError("invalid_value", { publicMessage: "The path is not a valid URL.", cause: error });
    default:
      return WaybillError.from(error);
  }
}

function notFound(server: FastifyInstance, request: FastifyRequest): WaybillError {
  const asked = request.url.split("?")[0] ?? "";
  const path = asked.startsWith(ONE_MODEL) ? `${ONE_MODEL}*` : asked;
  const methods = ["GET", "POST"].filter((method) => server.hasRoute({ method: method as "GET", url: path }));
  if (methods.length === 0) return new WaybillError("not_found");
  return new WaybillError("method_not_allowed", { publicMessage: `Use ${methods.join(" or ")} here.` });
}
