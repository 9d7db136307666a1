// What node:http finds wrong with a connection: no HTTP, a head too large, a request too slow. It is told with an id and
// counted like every other refusal.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { errorHeaders, errorText } from "./answer-error.ts";
import { errorSurface } from "./error-surface.ts";

/** What node:http says of it; `rawPacket`: the bytes that it stumbled over, where there were any. */
type Problem = NodeJS.ErrnoException & { rawPacket?: unknown };

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

  onError(problem: Problem, socket: Socket): void {
    if (socket.destroyed || !socket.writable) return;
    const error = toWaybillError(problem);
    const answer = this.#answers.get(socket);
    if (!answer || (answer.writableFinished && answer.req.complete)) {
      this.#options.onRefused(error.code);
      socket.end(rawAnswer(error, this.#options.makeId(), pathOf(problem.rawPacket)));
      return;
    }
    answer.shouldKeepAlive = false;
    const isOfBody = !answer.req.complete && !answer.headersSent;
    if (isOfBody && problem.code !== CLIENT_LEFT) this.#options.failReading(socket, error);
    // The answer under way would be followed, or cut in two, by one that nobody has asked for.
    else socket.destroy();
  }
}

/** A path has to stand within the first bytes of a packet; what comes behind is not looked at. */
const REQUEST_LINE_BYTES_MAX = 256;

/** The path that a broken request began with; undefined: it cannot be seen. It chooses the words of the answer, nothing else. */
function pathOf(packet: unknown): string | undefined {
  const line = Buffer.isBuffer(packet) ? packet.toString("latin1", 0, REQUEST_LINE_BYTES_MAX) : "";
  return /^[A-Z]+ (\/[^\s?]*)/.exec(line)?.[1];
}

function toWaybillError(problem: Problem): WaybillError {
  const code = CODES[problem.code ?? ""];
  if (code) return new WaybillError(code, { cause: problem });
  return new WaybillError("invalid_value", { publicMessage: "This is not a valid HTTP request.", cause: problem });
}

/** There is no response object to answer on. */
function rawAnswer(error: WaybillError, requestId: string, path: string | undefined): string {
  const body = errorText(error, requestId, errorSurface(path));
  const headers = {
    ...errorHeaders(error, requestId),
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.entry.httpStatus} Refused\r\n${lines.join("")}\r\n${body}`;
}
