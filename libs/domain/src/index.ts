// The vocabulary of Waybill: money, tokens, prices, ids, errors. Imports nothing, does no I/O, knows no clock.
export { ANSWER_LENGTH_BUCKETS, answerLengthBucket, longestOfBucket } from "./answer-length.ts";
export type { Clock, MakeId } from "./clock.ts";
export { effectiveRecord, outranks, type RankedRecord } from "./effective-record.ts";
export { ERRORS, type ErrorCode, type ErrorEntry, isErrorCode, type Retry } from "./errors.ts";
export {
  attemptId,
  firstUuidOf,
  type PresentedKey,
  parseAttemptId,
  parseRecordName,
  parseVirtualKey,
  REVISION_MAX,
  type RecordSourceName,
  recordId,
  recordName,
  revisionOf,
  uuidV7TimeMs,
} from "./ids.ts";
export { formatModelId, type ModelId, parseModelId, subjectToken } from "./model-id.ts";
export {
  formatUsd,
  maxPicoUsd,
  minPicoUsd,
  PICO_PER_USD,
  PICO_USD_INT64_MAX,
  type PicoUsd,
  parseUsd,
} from "./money.ts";
export {
  affordableOutputTokens,
  costOf,
  type Price,
  type PriceRates,
  type PriceTier,
  ratesFor,
  worstCaseCost,
} from "./price.ts";
export {
  isPlausible,
  NO_TOKENS,
  type NotTextTokens,
  type ReportedUsage,
  TOKENS_MAX,
  type TokenUsage,
} from "./tokens.ts";
export { type RateLeft, WaybillError, type WaybillErrorOptions } from "./waybill-error.ts";
