// Errors of Bedrock's runtime as entries of our own catalogue: by the exception's name, which stands in a header, in the body, or
// in a message of a stream. Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
// and https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
import { ERRORS, type ErrorCode, WaybillError } from "@waybill/domain";
import type { AnswerEvent } from "@waybill/surfaces";
import type { Failure } from "../../core/ending.ts";
import type { Refusal } from "../../providers/provider.ts";
import { TOO_LONG } from "../openai-chat/error.ts";
import { readJson } from "../read-json.ts";
import { cleanText, retryAfterMs } from "../read-refusal.ts";
import { textOf, type Values } from "../read-values.ts";

/** By the exception's name without its ending and in small letters; others go by the status. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  accessdenied: "upstream_auth",
  expiredtoken: "upstream_auth",
  incompletesignature: "upstream_auth",
  invalidclienttokenid: "upstream_auth",
  invalidsignature: "upstream_auth",
  missingauthenticationtoken: "upstream_auth",
  notauthorized: "upstream_auth",
  optinrequired: "upstream_auth",
  requestexpired: "upstream_auth",
  unrecognizedclient: "upstream_auth",
  throttling: "upstream_rate_limited",
  servicequotaexceeded: "upstream_rate_limited",
  modeltimeout: "upstream_timeout",
  modelnotready: "upstream_error",
  modelerror: "upstream_error",
  modelstreamerror: "upstream_error",
  internalserver: "upstream_error",
  serviceunavailable: "upstream_error",
  resourcenotfound: "upstream_error",
  validation: "upstream_rejected",
};

/** "Input is too long for requested model.", "input length and `max_tokens` exceed context limit", and other makers' words. */
const INPUT_TOO_LONG =
  /input is too long|exceed(?:s|ed)? (?:the )?(?:context|maximum (?:number of )?(?:input )?tokens)/i;
const FILTERED = /content filter(?:ing)? policy|blocked by (?:our )?content filter/i;
/** A validation that says how the operator named or may use the model, not what the client asked. */
const ABOUT_THE_MODEL = /model identifier|on-demand throughput|inference profile|model access|not authorized/i;

export function readRefusal({ status, header, body, nowUnixMs }: Refusal): Failure {
  const said = bodyOf(body);
  const name = header("x-amzn-errortype") || textOf(said.__type);
  const failed = failureOf(name, textOf(said.message) || textOf(said.Message), status);
  return { ...failed, param: "", providerStatus: status, retryAfterMs: retryAfterMs(header, nowUnixMs) };
}

/** An exception inside a stream that began as a success. */
export function readException(name: string, payload: Uint8Array): Extract<AnswerEvent, { kind: "failure" }> {
  return { kind: "failure", ...failureOf(name, textOf(bodyOf(payload).message), 0), retryAfterMs: 0 };
}

/** The stream ended before its own end. */
export function truncated(): Extract<AnswerEvent, { kind: "failure" }> {
  const { code, publicMessage: message } = new WaybillError("upstream_truncated");
  return { kind: "failure", code, message, retryAfterMs: 0 };
}

/** Only what it says of the client's own request is passed on. */
function failureOf(name: string, given: string, status: number): Pick<Failure, "code" | "message"> {
  const message = cleanText(given);
  const code = codeOf(name, message, status);
  const isAboutTheRequest = code === "upstream_rejected" || code === "context_length_exceeded";
  return { code, message: (isAboutTheRequest && message) || ERRORS[code].sentence };
}

function codeOf(name: string, message: string, status: number): ErrorCode {
  const code = BY_NAME[bareName(name)] ?? byStatus(status);
  if (code !== "upstream_rejected") return code;
  if (INPUT_TOO_LONG.test(message) || TOO_LONG.test(message)) return "context_length_exceeded";
  if (FILTERED.test(message)) return "content_filter";
  return ABOUT_THE_MODEL.test(message) ? "upstream_error" : code;
}

function byStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "upstream_auth";
  if (status === 429) return "upstream_rate_limited";
  if (status === 408) return "upstream_timeout";
  return status === 400 || status === 413 ? "upstream_rejected" : "upstream_error";
}

/** "ThrottlingException:http://internal.amazon.com/..." and "com.amazon.coral.service#ThrottlingException" -> "throttling" */
function bareName(name: string): string {
  const plain = name.split(":")[0]?.split("#").at(-1) ?? "";
  return plain
    .trim()
    .toLowerCase()
    .replace(/exception$/, "");
}

function bodyOf(body: Uint8Array): Values {
  try {
    return readJson(body);
  } catch {
    return {};
  }
}
