// How a provider call came out, as seen by this worker: the input of settlement and of the last frame.
import { ERRORS, type ErrorCode, type ReportedUsage } from "@waybill/domain";

/** Why there is no complete answer. */
export interface Failure {
  code: ErrorCode;
  /** Safe for the client. */
  message: string;
  /** The request field the provider named; empty: none. */
  param: string;
  /** The provider's HTTP status; 0: it gave none. */
  providerStatus: number;
  retryAfterMs: number;
}

/** The catalogue's own sentence for a code. `providerStatus`: 200 inside an answer that began as a success. */
export function failureWith(code: ErrorCode, providerStatus = 200): Failure {
  return { code, message: ERRORS[code].sentence, param: "", providerStatus, retryAfterMs: 0 };
}

/**
 * How far the request got.
 * `not_sent`: certainly never written to the provider. `sent`: written, no answer. `refused`: the provider said no before
 * it produced anything. `accepted`: it answered with success.
 */
export type Reach = "not_sent" | "sent" | "refused" | "accepted";

export interface Ending {
  /** Undefined: the answer is complete and its own end was seen. */
  failure: Failure | undefined;
  /** True when this side ended the call: a cancel, a drain, a hole in the reply. */
  wasCancelled: boolean;
  reach: Reach;
  /** The provider's own figure, not judged yet. */
  reportedUsage: ReportedUsage | undefined;
  /** Output tokens evidenced by content; a lower bound. */
  countedOutputTokens: bigint;
  contentBytes: number;
  finishReason: string;
  firstTokenMs: number;
  durationMs: number;
  /** A header of the answer by its lower-case name, empty where it is not there; absent: there was no call. */
  header?: (name: string) => string;
}
