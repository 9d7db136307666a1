// An error answer over node:http, wherever in the front door it is given: in its surface's dialect, with an id, and what becomes of the
// connection when the client is still sending.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WaybillError } from "@waybill/domain";
import { openAiChat, type Surface } from "@waybill/surfaces";
import { errorSurface } from "./error-surface.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** A body up to here is let in and thrown away for the sake of the connection; for a larger one the connection is closed. */
const DISCARDED_BYTES_MAX = 64 * 1024;
/** Closed at once, a connection with bytes on their way is reset, and the answer may be lost with it. */
const DISCARD_MS = 1_000;

/** Answers with `error`; `more` are headers besides those of every error. A body that nobody has read is never kept in memory. */
export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  error: WaybillError,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const surface = errorSurface(request.url, request.headers);
  const body = errorText(error, requestId, surface);
  const isStillSending = sendsOn(request);
  if (isStillSending || error.code === "draining") response.shouldKeepAlive = false;
  const rates = error.rateLeft ? rateLimitHeaders([error.rateLeft], surface.name, Date.now()) : {};
  const headers: Record<string, string> = { ...errorHeaders(error, requestId), ...rates, ...more };
  headers["content-length"] = String(Buffer.byteLength(body));
  response.writeHead(error.entry.httpStatus, headers);
  if (!isStillSending) {
    response.end(body);
    return;
  }
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, DISCARD_MS);
  request.once("end", end).once("close", end).resume();
}

/** The body of an error answer. */
export function errorText(error: WaybillError, requestId: string, surface: Surface = openAiChat): string {
  return `${surface.errorBody(error, requestId)}\n`;
}

/** Headers of every error answer. Retry-After stays between 1 and 30 s: some clients sleep as long as they are told. */
export function errorHeaders(error: WaybillError, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "x-request-id": requestId,
    "request-id": requestId,
  };
  const retryAfterMs = error.retryAfterMs ?? (error.entry.httpStatus === 503 ? 1_000 : undefined);
  if (retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.min(30, Math.max(1, Math.ceil(retryAfterMs / 1_000))));
    headers["retry-after-ms"] = String(Math.min(30_000, Math.max(1, Math.round(retryAfterMs))));
  }
  if (error.code === "budget_exceeded") headers["x-should-retry"] = "false";
  return headers;
}

function sendsOn({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > DISCARDED_BYTES_MAX;
}
