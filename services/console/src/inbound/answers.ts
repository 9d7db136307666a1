// What is said when something cannot be done: our own shape of an error, and Cloudflare's envelope around it.
import type { ErrorCode, WaybillError } from "@waybill/domain";
import type { Problem } from "../core/problem.ts";
import type { Dialect } from "./endpoint.ts";
import type { ErrorBody } from "./schemas/basics.ts";

export type { Problem };

/** Bad input with every reason at once. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[], message: string) {
    super(message);
    this.name = "ProblemsError";
    this.problems = problems;
  }
}

/** One problem speaks for itself; of several `summary` says what they are about. */
export function problemsError(problems: readonly Problem[], summary: string): ProblemsError {
  const [first] = problems;
  return new ProblemsError(problems, problems.length === 1 ? `${first?.field} ${first?.problem}` : summary);
}

/** A problem as Cloudflare's API tells it. */
export interface CloudflareProblem {
  code: number;
  message: string;
  path: readonly (string | number)[];
}

/** Bad input under Cloudflare's paths. */
export class CloudflareProblems extends Error {
  readonly problems: readonly CloudflareProblem[];
  constructor(problems: readonly CloudflareProblem[]) {
    super("Cloudflare's API would refuse this");
    this.name = "CloudflareProblems";
    this.problems = problems;
  }
}

export interface Answer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

/** Problems that are shown; what comes after them is as bad. */
const PROBLEMS_MAX = 1_000;

export function answerProblems(error: ProblemsError | CloudflareProblems): Answer {
  if (error instanceof CloudflareProblems) {
    return { status: 400, body: envelope(error.problems.slice(0, PROBLEMS_MAX)), headers: {} };
  }
  const problems = error.problems.slice(0, PROBLEMS_MAX);
  const param = problems[0]?.node === "" ? problems[0].field : "";
  const body: ErrorBody = {
    error: { code: "invalid_value", message: error.message, ...(param !== "" && { param }), problems },
  };
  return { status: 400, body, headers: {} };
}

export function answerFailure(error: WaybillError, dialect: Dialect): Answer {
  const { code, entry, publicMessage, param } = error;
  const headers = retryHeaders(error);
  if (dialect === "cloudflare") {
    const errors = [{ code: CLOUDFLARE_CODES[code] ?? CLOUDFLARE_INTERNAL, message: publicMessage }];
    return { status: entry.httpStatus, body: envelope(errors), headers };
  }
  const body: ErrorBody = { error: { code, message: publicMessage, ...(param !== undefined && { param }) } };
  return { status: entry.httpStatus, body, headers };
}

function retryHeaders({ entry, retryAfterMs }: WaybillError): Record<string, string> {
  if (entry.httpStatus !== 503) return {};
  return { "retry-after": String(Math.min(30, Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000)))) };
}

export const CLOUDFLARE_INVALID = 7001;
const CLOUDFLARE_NOT_FOUND = 7003;
const CLOUDFLARE_INTERNAL = 7000;
const CLOUDFLARE_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  // The first two are the general ones of Cloudflare's API; 7001 and 7003 are what dynamic routing was seen to say.
  invalid_api_key: 10_000,
  permission_denied: 9_109,
  invalid_json: CLOUDFLARE_INVALID,
  invalid_value: CLOUDFLARE_INVALID,
  already_exists: CLOUDFLARE_INVALID,
  body_too_large: CLOUDFLARE_INVALID,
  not_found: CLOUDFLARE_NOT_FOUND,
};

function envelope(errors: readonly unknown[]): unknown {
  return { success: false, errors, messages: [], result: null };
}
