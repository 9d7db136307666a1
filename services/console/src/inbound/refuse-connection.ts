// What is said on a connection whose request never became one: no HTTP, headers too large, too slow.
import type { Socket } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { answerFailure } from "./answers.ts";
import { dialectOf } from "./error-dialect.ts";

/** What node:http says of it; `rawPacket`: the bytes that it stumbled over, where there were any. */
type Problem = Error & { code?: string; rawPacket?: unknown };
/** A path has to stand within the first bytes of a packet; what comes behind is not looked at. */
const REQUEST_LINE_BYTES_MAX = 256;

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Answers in the shape of the path that was asked, where it can be seen, with an id, and closes. */
export function refuseConnection(error: Problem, socket: Socket, requestId: string): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODES[error.code ?? ""] ?? "invalid_value";
  const said = code === "invalid_value" ? { publicMessage: "The request is not valid HTTP." } : {};
  const { status, body } = answerFailure(new WaybillError(code, said), dialectOf(pathOf(error.rawPacket)));
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${requestId}`,
    `request-id: ${requestId}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}

function pathOf(packet: unknown): string {
  const line = Buffer.isBuffer(packet) ? packet.toString("latin1", 0, REQUEST_LINE_BYTES_MAX) : "";
  return /^[A-Z]+ (\/[^\s?]*)/.exec(line)?.[1] ?? "";
}
