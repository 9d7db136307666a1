// The HTTP server: its routes, their limits, and what is said when a request never reaches the story.
import type { AddressInfo } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { toErrorBody } from "@waybill/openai";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { PublicModel } from "../outbound/watch-config.ts";
import type { Authenticate } from "../ports.ts";
import { errorHeaders } from "./http-client.ts";

export interface HttpConfig {
  WAYBILL_HTTP_HOST: string;
  WAYBILL_HTTP_PORT: number;
  WAYBILL_BODY_BYTES_MAX: number;
  WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: number;
}

export interface HttpOptions {
  makeId(): string;
  authenticate: Authenticate;
  listModels(): PublicModel[];
  /** Serves POST /v1/chat/completions; takes over the reply. */
  serveChat(request: FastifyRequest, reply: FastifyReply, requestId: string, body: Buffer): Promise<void>;
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

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;

declare module "fastify" {
  interface FastifyRequest {
    requestId: string;
  }
}

/** What fastify refuses by itself -> our catalogue. */
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid_json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "invalid_json",
  FST_ERR_CTP_BODY_NOT_COMPLETE: "invalid_json",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

export async function serveHttp(config: HttpConfig, options: HttpOptions): Promise<HttpServer> {
  const server = fastify({
    logger: false,
    bodyLimit: config.WAYBILL_BODY_BYTES_MAX,
    requestTimeout: config.WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS,
    keepAliveTimeout: 72_000,
    // Streams outlive any drain fastify would do by itself; closing is ours.
    forceCloseConnections: "idle",
    http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS },
    clientErrorHandler: onClientError,
  });
  server.decorateRequest("requestId", "");
  server.addHook("onRequest", async (request) => {
    request.requestId = options.makeId();
    const refusal = options.refusal();
    if (refusal) throw new WaybillError(refusal);
  });
  server.removeAllContentTypeParsers();
  // Bytes as they came: they are scanned once, by us, and passed on untouched.
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const refuse = (error: WaybillError, request: FastifyRequest, reply: FastifyReply): void => {
    options.onRefused(error.code);
    sendError(error, request, reply);
  };
  server.setErrorHandler((error: FastifyError, request, reply) => refuse(toWaybillError(error), request, reply));
  server.setNotFoundHandler((request, reply) => refuse(notFound(server, request), request, reply));
  addRoutes(server, options);
  await server.listen({ host: config.WAYBILL_HTTP_HOST, port: config.WAYBILL_HTTP_PORT });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => server.close(),
  };
}

function addRoutes(server: FastifyInstance, options: HttpOptions): void {
  server.post("/v1/chat/completions", async (request, reply) => {
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
    await options.serveChat(request, reply, request.requestId, body);
  });
  server.get("/v1/models", async (request, reply) => {
    const key = await options.authenticate(presentedKey(request));
    const allowed = new Set(key.allowedModels);
    const data = options
      .listModels()
      .filter(({ id }) => allowed.size === 0 || allowed.has(id))
      .map(({ id, ownedBy }) => ({ id, object: "model", created: 0, owned_by: ownedBy }));
    void reply.headers(idHeaders(request));
    return { object: "list", data };
  });
}

/** The key of `Authorization: Bearer …`, else of `x-api-key`. */
export function presentedKey(request: FastifyRequest): string | undefined {
  const { authorization, "x-api-key": apiKey } = request.headers;
  if (authorization?.startsWith("Bearer ")) return authorization.slice("Bearer ".length).trim();
  return typeof apiKey === "string" ? apiKey : undefined;
}

function idHeaders(request: FastifyRequest): Record<string, string> {
  return { "x-request-id": request.requestId, "request-id": request.requestId };
}

function toWaybillError(error: FastifyError): WaybillError {
  const code = FASTIFY_CODES[error.code];
  return code ? new WaybillError(code, { cause: error }) : WaybillError.from(error);
}

function sendError(error: WaybillError, request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(error.entry.httpStatus)
    .headers(errorHeaders(error, request.requestId))
    .send(`${JSON.stringify(toErrorBody(error))}\n`);
}

function notFound(server: FastifyInstance, request: FastifyRequest): WaybillError {
  const path = request.url.split("?")[0] ?? "";
  const methods = ["GET", "POST"].filter((method) => server.hasRoute({ method: method as "GET", url: path }));
  if (methods.length === 0) return new WaybillError("not_found");
  return new WaybillError("method_not_allowed", { publicMessage: `Use ${methods.join(" or ")} here.` });
}

/** Requests that are no HTTP, or whose head is too large or too slow: there is no request object to answer on. */
function onClientError(error: NodeJS.ErrnoException, socket: import("node:net").Socket): void {
  if (socket.destroyed || !socket.writable) return;
  const code: ErrorCode =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "headers_too_large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "request_timeout"
        : "invalid_value";
  const problem = new WaybillError(code, {
    ...(code === "invalid_value" && { publicMessage: "This is not a valid HTTP request." }),
  });
  const body = `${JSON.stringify(toErrorBody(problem))}\n`;
  socket.end(
    `HTTP/1.1 ${problem.entry.httpStatus} Refused\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
