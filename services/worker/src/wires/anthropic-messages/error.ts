// Errors of the Messages API as entries of our own catalogue. Types and statuses: https://docs.anthropic.com/en/api/errors
import { ERRORS, type ErrorCode } from "@waybill/domain";
import type { Failure } from "../../core/ending.ts";
import type { Refusal } from "../../providers/provider.ts";
import { cleanText, retryAfterMs } from "../read-refusal.ts";

const TOO_LONG = /prompt is too long|context (?:window|length)|too many (?:input )?tokens|exceed context limit/i;

const FILTERED = /blocked by content filtering/i;

const CODES: Readonly<Record<string, ErrorCode>> = {
  authentication_error: "upstream_auth",
  permission_error: "upstream_auth",
  billing_error: "upstream_auth",
  rate_limit_error: "upstream_rate_limited",
  overloaded_error: "upstream_error",
  api_error: "upstream_error",
  timeout_error: "upstream_timeout",
};

export function readRefusal({ status, header, body, nowUnixMs }: Refusal): Failure {
  const said = readError(body);
  const code = codeOfStatus(status, said);
  const isAboutTheRequest =
    code === "upstream_rejected" || code === "context_length_exceeded" || code === "content_filter";
  return {
    code,
    message: isAboutTheRequest && said.message !== "" ? said.message : sentenceFor(code, status),
    param: "",
    providerStatus: status,
    retryAfterMs: retryAfterMs(header, nowUnixMs),
  };
}

/** An `error` event inside a stream, or an error object in an answer that began as a success. */
export function readErrorEvent(data: Uint8Array): Failure {
  const said = readError(data);
  const code = TOO_LONG.test(said.message) ? "context_length_exceeded" : (CODES[said.type] ?? "upstream_error");
  const message =
    code === "context_length_exceeded" ? said.message : sentenceFor(code, said.type === "overloaded_error" ? 529 : 0);
  return { code, message, param: "", providerStatus: 200, retryAfterMs: 0 };
}

function codeOfStatus(status: number, said: ErrorObject): ErrorCode {
  if (status === 401 || status === 402 || status === 403) return "upstream_auth";
  if (status === 429) return "upstream_rate_limited";
  if (status !== 400 && status !== 413 && status !== 422) return "upstream_error";
  if (TOO_LONG.test(said.message)) return "context_length_exceeded";
  if (FILTERED.test(said.message)) return "content_filter";
  // An account without credit is told so by a 400.
  return /credit balance/i.test(said.message) ? "upstream_auth" : "upstream_rejected";
}

function sentenceFor(code: ErrorCode, status: number): string {
  return status === 529 ? "The provider is overloaded." : ERRORS[code].sentence;
}

interface ErrorObject {
  type: string;
  message: string;
}

function readError(body: Uint8Array): ErrorObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
    const { error } = (value ?? {}) as { error?: { type?: unknown; message?: unknown } };
    return { type: cleanText(error?.type), message: cleanText(error?.message) };
  } catch {
    return { type: "", message: "" };
  }
}
