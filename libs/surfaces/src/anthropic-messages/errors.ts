// Errors in Anthropic's shape: {"type":"error","error":{"type","message","details"},"request_id"}. Types and statuses:
// https://docs.anthropic.com/en/api/errors; details.error_code as @anthropic-ai/sdk 1.12.0 reads it.
import type { WaybillError } from "@waybill/domain";

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  405: "invalid_request_error",
  408: "timeout_error",
  409: "conflict_error",
  413: "request_too_large",
  415: "invalid_request_error",
  422: "invalid_request_error",
  429: "rate_limit_error",
  431: "request_too_large",
  503: "overloaded_error",
  504: "timeout_error",
};

export function toErrorBody(error: WaybillError, requestId: string): object {
  const message =
    error.param === undefined || error.publicMessage.includes(error.param)
      ? error.publicMessage
      : `${error.param}: ${error.publicMessage}`;
  return {
    type: "error",
    error: { type: TYPES[error.entry.httpStatus] ?? "api_error", message, details: { error_code: error.code } },
    request_id: requestId,
  };
}

/** The SDK skips events without their `event:` line. */
export function toErrorEvent(error: WaybillError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(toErrorBody(error, requestId))}\n\n`;
}
