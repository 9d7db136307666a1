// A usage record as the books understand it: every field checked, every amount exact.
import type { PicoUsd, PriceRates, RankedRecord, TokenUsage } from "@waybill/domain";

/** One budget's part of the hold that was placed for the attempt. */
export interface FactHold {
  budgetId: string;
  windowId: bigint;
  grantId: string;
  amountPicoUsd: PicoUsd;
  hard: boolean;
}

/** To whom the cost belongs: ids, and the names of that moment. Empty: unknown. */
export interface FactAttribution {
  organisationId: string;
  organisationName: string;
  teamId: string;
  teamName: string;
  costCentre: string;
  userId: string;
  userName: string;
  keyId: string;
  keyName: string;
  endUserId: string;
  tags: Readonly<Record<string, string>>;
}

/** What of a price held for a request of this size. */
export interface FactPrice {
  version: string;
  /** Undefined: only the version is known, as of an attempt that was lost. */
  tier: { aboveInputTokens: bigint; rates: PriceRates } | undefined;
  perRequestPicoUsd: PicoUsd;
}

export interface AttemptKey {
  /** A UUIDv7. */
  requestId: string;
  /** From 1. */
  attempt: number;
}

export interface UsageFact extends AttemptKey, RankedRecord {
  /** Unix milliseconds inside the request id; its month is part of every key of the books. */
  requestedAtMs: number;
  /** success, partial, failed_free, failed_billed or unknown. */
  outcome: string;
  /** 0 where the price is unknown; look at `priced` first. */
  costPicoUsd: PicoUsd;
  /** False: the price is unknown, which is never the same as free. */
  priced: boolean;
  /** Undefined: none is known, or none applied. */
  price: FactPrice | undefined;
  tokens: TokenUsage;
  /** provider, counted, estimated, worst_case or none. */
  tokenSource: string;
  suspect: boolean;
  /** JSON text, or empty. */
  evidenceJson: string;
  attribution: FactAttribution;
  route: string;
  routeVersion: number;
  path: readonly string[];
  requestedModel: string;
  provider: string;
  model: string;
  upstreamModel: string;
  simulated: boolean;
  holds: readonly FactHold[];
  holder: string;
  ingressId: string;
  workerId: string;
  stream: boolean;
  recordedAtMs: number;
  firstTokenMs: number;
  durationMs: number;
  finishReason: string;
  errorCode: string;
  providerStatus: number;
  /** Empty: none was called, or nobody knows which. */
  providerAccount: string;
  /** What the client named as its session; empty: none. */
  session: string;
}

/** Equal for records of the same attempt. */
export function attemptIdOf(key: AttemptKey): string {
  return `${key.requestId}.${key.attempt}`;
}
