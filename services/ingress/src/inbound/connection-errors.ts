// What node:http finds wrong with a connection: no HTTP, a head too large, a request too slow. It is told with an id and
// counted like every other refusal.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { errorHeaders, errorText } from "./answer-error.ts";

export interface ConnectionErrorsOptions {
  makeId(): string;
  onRefused(code: ErrorCode): void;
  /** For the request whose body comes in on this connection; it answers for itself. */
  failReading(socket: Socket, error: WaybillError): void;
}

/** What node:http calls it -> our catalogue. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "body_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** The connection ended within a message. */
const CLIENT_LEFT = "HPE_INVALID_EOF_STATE";

export class ConnectionErrors {
  readonly #options: ConnectionErrorsOptions;
  readonly #answers = new WeakMap<Socket, ServerResponse>();

  constructor(options: ConnectionErrorsOptions) {
    this.#options = options;
  }

  /** Every request is named here, so that nothing is ever written into the middle of its answer. */
  onRequest(socket: Socket, response: ServerResponse): void {
    this.#answers.set(socket, response);
  }

  onError(problem: NodeJS.ErrnoException, socket: Socket): void {
    if (socket.destroyed || !socket.writable) return;
    const error = toWaybillError(problem);
    const answer = this.#answers.get(socket);
    if (!answer || (answer.writableFinished && answer.req.complete)) {
      this.#options.onRefused(error.code);
      socket.end(rawAnswer(error, this.#options.makeId()));
      return;
    }
    answer.shouldKeepAlive = false;
    const isOfBody = !answer.req.complete && !answer.headersSent;
    if (isOfBody && problem.code !== CLIENT_LEFT) this.#options.failReading(socket, error);
    // The answer under way would be followed, or cut in two, by one that nobody has asked for.
    else socket.destroy();
  }
}

function toWaybillError(problem: NodeJS.ErrnoException): WaybillError {
  const code = CODES[problem.code ?? ""];
  if (code) return new WaybillError(code, { cause: problem });
  return new WaybillError("invalid_value", { publicMessage: "This is not a valid HTTP request.", cause: problem });
}

/** There is no response object to answer on. */
function rawAnswer(error: WaybillError, requestId: string): string {
  const body = errorText(error, requestId);
  const headers = {
    ...errorHeaders(error, requestId),
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.entry.httpStatus} Refused\r\n${lines.join("")}\r\n${body}`;
}
