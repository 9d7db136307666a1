// What is said on a connection whose request never became one: no HTTP, headers too large, too slow.
import type { Socket } from "node:net";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { answerFailure } from "./answers.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Answers in our shape, with an id, and closes. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODES[error.code ?? ""] ?? "invalid_value";
  const said = code === "invalid_value" ? { publicMessage: "The request is not valid HTTP." } : {};
  const { status, body } = answerFailure(new WaybillError(code, said), "waybill");
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${requestId}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
