// Errors of this dialect, by status and by error object, as entries of our own catalogue. Only what a provider says of the
// client's own request is passed on; what it says of us (keys, quotas, its inside) is not.
import { ERRORS, type ErrorCode } from "@waybill/domain";
import type { Failure } from "../../core/ending.ts";
import type { Refusal } from "../../providers/provider.ts";
import { cleanText, retryAfterMs } from "../read-refusal.ts";
import { objectOf } from "../read-values.ts";

const PARAM_CHARACTERS_MAX = 100;
export const TOO_LONG =
  /context.{0,20}(?:length|window)|maximum context|too many (?:input )?tokens|prompt is too long/i;

/** OpenAI's two, and the inner one of Azure's content filter. */
const FILTERED: ReadonlySet<string> = new Set([
  "content_filter",
  "content_policy_violation",
  "ResponsibleAIPolicyViolation",
]);

/** What the provider's error object says. */
interface ErrorObject {
  message: string;
  code: string;
  /** Of Azure's `innererror`. */
  innerCode: string;
  type: string;
  param: string;
}

export function readRefusal({ status, header, body, nowUnixMs }: Refusal): Failure {
  const said = readErrorObject(body);
  const code = codeOfStatus(status, said);
  const isAboutTheRequest =
    code === "upstream_rejected" || code === "context_length_exceeded" || code === "content_filter";
  return {
    code,
    message: isAboutTheRequest && said.message !== "" ? said.message : sentenceFor(code, status),
    param: isAboutTheRequest ? said.param : "",
    providerStatus: status,
    retryAfterMs: retryAfterMs(header, nowUnixMs),
  };
}

/** An `error` object inside an answer that began as a success. */
export function readErrorEvent(data: Uint8Array): Failure {
  const said = readErrorObject(data);
  const code = codeOfEvent(said);
  const message = code === "context_length_exceeded" && said.message !== "" ? said.message : ERRORS[code].sentence;
  return { code, message, param: "", providerStatus: 200, retryAfterMs: 0 };
}

function codeOfStatus(status: number, said: ErrorObject): ErrorCode {
  if (status === 401 || status === 402 || status === 403 || status === 407) return "upstream_auth";
  if (status === 429) return "upstream_rate_limited";
  const isRequestAtFault = status === 400 || status === 413 || status === 415 || status === 422;
  if (!isRequestAtFault) return "upstream_error";
  if (said.code === "context_length_exceeded" || TOO_LONG.test(said.message)) return "context_length_exceeded";
  if (FILTERED.has(said.code) || FILTERED.has(said.innerCode)) return "content_filter";
  return "upstream_rejected";
}

function codeOfEvent(said: ErrorObject): ErrorCode {
  if (said.code === "context_length_exceeded" || TOO_LONG.test(said.message)) return "context_length_exceeded";
  if (said.code === "429" || /rate_limit/.test(`${said.code} ${said.type}`)) return "upstream_rate_limited";
  return "upstream_error";
}

function sentenceFor(code: ErrorCode, status: number): string {
  // 529 is Anthropic's, and of proxies before it.
  return status === 529 ? "The provider is overloaded." : ERRORS[code].sentence;
}

function readErrorObject(body: Uint8Array): ErrorObject {
  const nothing: ErrorObject = { message: "", code: "", innerCode: "", type: "", param: "" };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  } catch {
    return nothing;
  }
  // Some wrap the object in an array; vLLM before 0.10 put the fields at the top.
  const outer = Array.isArray(value) ? value[0] : value;
  if (typeof outer !== "object" || outer === null) return nothing;
  const inner: unknown = "error" in outer ? outer.error : outer;
  if (typeof inner === "string") return { ...nothing, message: cleanText(inner) };
  if (typeof inner !== "object" || inner === null) return nothing;
  const text = (name: string, max?: number, from: object = inner): string =>
    cleanText((from as Record<string, unknown>)[name], max);
  return {
    message: text("message"),
    code: text("code", PARAM_CHARACTERS_MAX),
    innerCode: text("code", PARAM_CHARACTERS_MAX, objectOf((inner as Record<string, unknown>).innererror)),
    type: text("type", PARAM_CHARACTERS_MAX),
    param: text("param", PARAM_CHARACTERS_MAX),
  };
}
