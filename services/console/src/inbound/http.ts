// The HTTP server of the admin API: limits, ids, who is let in, and what is said when something goes wrong.
import type { AddressInfo } from "node:net";
import { WaybillError } from "@waybill/domain";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Administer } from "../administer.ts";
import type { Admin, Wish } from "../core/access.ts";
import { addEndpoint, presentedKey } from "./add-endpoint.ts";
import { type Answer, answerFailure, answerProblems, CloudflareProblems, ProblemsError } from "./answers.ts";
import type { AnyEndpoint, Dialect } from "./endpoint.ts";
import { dialectOf } from "./error-dialect.ts";
import { addDocument } from "./openapi.ts";
import { refuseConnection } from "./refuse-connection.ts";

export interface HttpConfig {
  WAYBILL_HTTP_HOST: string;
  WAYBILL_HTTP_PORT: number;
  WAYBILL_BODY_BYTES_MAX: number;
  WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: number;
}

export interface HttpOptions {
  endpoints: readonly AnyEndpoint[];
  administer: Administer;
  makeId(): string;
  monotonicMs(): number;
  /** Told about every answer. `operation` is one of a fixed list. */
  onAnswer(answer: { operation: string; status: number; tookMs: number; requestId: string; by: string }): void;
  onError(error: unknown, requestId: string): void;
}

export interface HttpServer {
  readonly port: number;
  /** Lets requests finish. */
  close(): Promise<void>;
}

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 1_000;
const PARAM_CHARACTERS_MAX = 512;
/** Of people and tools together; what comes beyond is not taken. */
const CONNECTIONS_MAX = 1_000;
const NO_OPERATION = "none";

declare module "fastify" {
  interface FastifyRequest {
    requestId: string;
    startedAtMs: number;
    admin: Admin | undefined;
  }
}

export async function serveHttp(config: HttpConfig, options: HttpOptions): Promise<HttpServer> {
  const server = makeServer(config, options);
  await addDocument(server, options.endpoints, options.administer);
  await server.register(async (scope) => {
    const lateAnswer = (error: unknown, { url, requestId }: FastifyRequest): Answer =>
      answerOf(error, dialectOf(url), (cause) => options.onError(cause, requestId));
    for (const endpoint of options.endpoints) addEndpoint(scope, endpoint, options.administer, lateAnswer);
  });
  await server.listen({ host: config.WAYBILL_HTTP_HOST, port: config.WAYBILL_HTTP_PORT });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => server.close(),
  };
}

function makeServer(config: HttpConfig, options: HttpOptions): FastifyInstance {
  const { makeId, monotonicMs, administer, onAnswer, onError } = options;
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = answerOf(error, dialectOf(request.url), (cause) => onError(cause, request.requestId));
    void reply.code(answer.status).headers(answer.headers).send(answer.body);
  };
  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    request.requestId = makeId();
    request.startedAtMs = monotonicMs();
    const { requestId } = request;
    void reply.headers({ "x-request-id": requestId, "request-id": requestId, "cache-control": "no-store" });
  };
  const server = fastify({
    logger: false,
    bodyLimit: config.WAYBILL_BODY_BYTES_MAX,
    requestTimeout: config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS,
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    // What comes on an open connection while we stop is still answered.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node's own answer to a missing one has no body and no id.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, makeId()),
    // What has no route because its path cannot be read passes no hook.
    frameworkErrors(error, request, reply) {
      begin(request, reply);
      refuse(error, request, reply);
    },
  });
  server.server.maxConnections = CONNECTIONS_MAX;
  // What a form on somebody's page may send is never read.
  server.removeContentTypeParser("text/plain");
  server.decorateRequest("requestId", "");
  server.decorateRequest("startedAtMs", 0);
  server.decorateRequest("admin", undefined);
  // The endpoints' own schemas check, and what they answer is JSON already.
  server.setValidatorCompiler(() => (data) => ({ value: data }));
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.addHook("onRequest", async (request, reply) => begin(request, reply));
  server.addHook("onResponse", async (request, reply) => {
    onAnswer({
      operation: request.routeOptions.config.endpoint?.id ?? NO_OPERATION,
      status: reply.statusCode,
      tookMs: monotonicMs() - request.startedAtMs,
      requestId: request.requestId,
      by: request.admin?.actor.adminKeyId ?? "",
    });
  });
  server.setErrorHandler((error, request, reply) => refuse(error, request, reply));
  server.setNotFoundHandler(async (request) => {
    // Strangers do not learn what there is.
    const wish: Wish = { area: "about", isChange: false, isOfInstallation: false, organisationId: undefined };
    await administer(presentedKey(request.headers.authorization), wish);
    throw notFound(server, request);
  });
  return server;
}

function answerOf(error: unknown, dialect: Dialect, onInternal: (error: unknown) => void): Answer {
  if (error instanceof ProblemsError || error instanceof CloudflareProblems) return answerProblems(error);
  const failure = toWaybillError(error);
  if (failure.code === "internal_error") onInternal(error);
  return answerFailure(failure, dialect);
}

/** What fastify refuses by itself -> our catalogue. */
function toWaybillError(error: unknown): WaybillError {
  const { code } = (error ?? {}) as Partial<FastifyError>;
  switch (code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new WaybillError("unsupported_media_type", { cause: error });
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new WaybillError("body_too_large", { cause: error });
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return new WaybillError("invalid_json", { cause: error });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new WaybillError("invalid_value", { publicMessage: "The body is not as long as it says.", cause: error });
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new WaybillError("invalid_value", { publicMessage: "The path is not a valid one.", cause: error });
    default:
      return WaybillError.from(error);
  }
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

function notFound(server: FastifyInstance, request: FastifyRequest): WaybillError {
  const url = request.url.split("?")[0] ?? "";
  const methods = METHODS.filter((method) => server.findRoute({ method, url }) !== null);
  if (methods.length === 0) return new WaybillError("not_found");
  return new WaybillError("method_not_allowed", { publicMessage: `Use ${methods.join(" or ")} here.` });
}
