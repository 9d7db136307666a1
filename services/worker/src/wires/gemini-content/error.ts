// Errors of Google's APIs as entries of our own catalogue. Source: google/rpc/status.proto, code.proto and error_details.proto of
// googleapis/googleapis; https://ai.google.dev/gemini-api/docs/troubleshooting; BlockedReason of @google/genai 2.32.0.
import { ERRORS, type ErrorCode } from "@waybill/domain";
import type { AnswerEvent } from "@waybill/surfaces";
import type { Failure } from "../../core/ending.ts";
import type { Refusal } from "../../providers/provider.ts";
import { TOO_LONG } from "../openai-chat/error.ts";
import { cleanText, RETRY_AFTER_MS_MAX, retryAfterMs } from "../read-refusal.ts";
import { objectOf, objectsOf, textOf, type Values } from "../read-values.ts";

/** "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576)." */
const TOO_MANY_TOKENS = /token count .{0,40}exceeds the maximum/i;
const BLOCK_REASON_CHARACTERS_MAX = 64;

/** By the name in `status`, whatever the HTTP status; others go by that. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  UNAUTHENTICATED: "upstream_auth",
  PERMISSION_DENIED: "upstream_auth",
  RESOURCE_EXHAUSTED: "upstream_rate_limited",
  INVALID_ARGUMENT: "upstream_rejected",
  OUT_OF_RANGE: "upstream_rejected",
  DEADLINE_EXCEEDED: "upstream_timeout",
};

type Said = Values;

export function readRefusal({ status, header, body, nowUnixMs }: Refusal): Failure {
  const said = readStatus(body);
  const code = codeOf(said, status);
  return {
    ...told(said, code),
    providerStatus: status,
    retryAfterMs: retryInfoMs(said) || retryAfterMs(header, nowUnixMs),
  };
}

/** An `error` object inside an answer that began as a success. */
export function readErrorEvent(error: unknown): Extract<AnswerEvent, { kind: "failure" }> {
  const said = objectOf(error);
  const { code, message } = told(said, codeOf(said, Number(said.code)));
  return { kind: "failure", code, message, retryAfterMs: retryInfoMs(said) };
}

/** The prompt was refused before anything was generated. */
export function readBlock(reason: string): Extract<AnswerEvent, { kind: "failure" }> {
  const message = `The provider's content filter refused the request (${cleanText(reason, BLOCK_REASON_CHARACTERS_MAX)}).`;
  return { kind: "failure", code: "content_filter", message, retryAfterMs: 0 };
}

/** Only what it says of the client's own request is passed on. */
function told(said: Said, code: ErrorCode): Pick<Failure, "code" | "message" | "param"> {
  const isAboutTheRequest = code === "upstream_rejected" || code === "context_length_exceeded";
  const message = isAboutTheRequest ? cleanText(textOf(said.message)) : "";
  return { code, message: message || ERRORS[code].sentence, param: isAboutTheRequest ? fieldOf(said) : "" };
}

function codeOf(said: Said, httpStatus: number): ErrorCode {
  const byName = BY_NAME[textOf(said.status)] ?? byStatus(httpStatus);
  if (byName !== "upstream_rejected") return byName;
  const message = textOf(said.message);
  if (TOO_MANY_TOKENS.test(message) || TOO_LONG.test(message)) return "context_length_exceeded";
  // Said as INVALID_ARGUMENT of a key that is none.
  return reasonOf(said) === "API_KEY_INVALID" ? "upstream_auth" : byName;
}

function byStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "upstream_auth";
  if (status === 429) return "upstream_rate_limited";
  if (status === 504) return "upstream_timeout";
  return status === 400 || status === 413 ? "upstream_rejected" : "upstream_error";
}

/** In `error`; a stream that was not asked for as events is an array, and so is its error. */
function readStatus(body: Uint8Array): Said {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
    return objectOf(objectOf(Array.isArray(value) ? value[0] : value).error);
  } catch {
    return {};
  }
}

/** google.rpc.RetryInfo: a Duration as JSON has it, e.g. "12.5s". 0: not said. */
function retryInfoMs(said: Said): number {
  const delay = detailOf(said, "google.rpc.RetryInfo").retryDelay;
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(delay))?.[1];
  return seconds === undefined ? 0 : Math.min(Math.round(Number(seconds) * 1_000), RETRY_AFTER_MS_MAX);
}

/** google.rpc.ErrorInfo */
function reasonOf(said: Said): string {
  return textOf(detailOf(said, "google.rpc.ErrorInfo").reason);
}

/** google.rpc.BadRequest: the first field at fault. */
function fieldOf(said: Said): string {
  const [violation] = objectsOf(detailOf(said, "google.rpc.BadRequest").fieldViolations);
  return cleanText(textOf(violation?.field), 100);
}

function detailOf(said: Said, type: string): Values {
  return objectsOf(said.details).find((detail) => textOf(detail["@type"]).endsWith(`/${type}`)) ?? {};
}
