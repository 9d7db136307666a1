// The one error class. What a client may read and what an operator needs travel separately.
import { ERRORS, type ErrorCode, type ErrorEntry } from "./errors.ts";

/** How much of a rate limit is left. */
export interface RateLeft {
  /** requests */
  unit: string;
  limit: number;
  remaining: number;
  /** Until all of it is there again. */
  resetMs: number;
}

export interface WaybillErrorOptions {
  /** Safe for the client; the catalogue's sentence when absent. */
  publicMessage?: string;
  /** The request field at fault. */
  param?: string;
  /** For logs only: never a secret, never a prompt. */
  detail?: string;
  retryAfterMs?: number;
  /** The rate limit that has no room. */
  rateLeft?: RateLeft;
  cause?: unknown;
}

/** An expected failure with its catalogue entry. `message` is for logs; `publicMessage` is for clients. */
export class WaybillError extends Error {
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly rateLeft: RateLeft | undefined;

  constructor(code: ErrorCode, options: WaybillErrorOptions = {}) {
    const publicMessage = options.publicMessage ?? ERRORS[code].sentence;
    super(`[${code}] ${options.detail ?? publicMessage}`, { cause: options.cause });
    this.name = "WaybillError";
    this.code = code;
    this.publicMessage = publicMessage;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.rateLeft = options.rateLeft;
  }

  get entry(): ErrorEntry {
    return ERRORS[this.code];
  }

  /** Any thrown value as a WaybillError; what is not one becomes internal_error with the original as cause. */
  static from(thrown: unknown): WaybillError {
    if (thrown instanceof WaybillError) return thrown;
    return new WaybillError("internal_error", {
      detail: thrown instanceof Error ? thrown.message : String(thrown),
      cause: thrown,
    });
  }
}
