// How the calls of the last ten seconds went, per model: what the heartbeat tells every router, so that all of them come to the
// same circuit. Only what is the provider's doing counts as a failure.
import type { ErrorCode } from "@waybill/domain";
import type { TargetHealth as TargetFigures } from "@waybill/wire";

/** How one call ended. */
export interface CallEnd {
  provider: string;
  model: string;
  /** Empty: success. */
  code: ErrorCode | "";
  /** 0: there was none, or the answer was no stream. */
  firstTokenMs: number;
  /** What the provider asked for with its refusal; 0: nothing. */
  retryAfterMs: number;
}

const BUCKET_MS = 1_000;
const BUCKETS = 10;
/** Models beyond this many are not counted. */
const TARGETS_MAX = 2_000;
/** From here on a run of failures is worth a heartbeat of its own. */
const IN_A_ROW_NEWS = 5;
/** A run of failures that nobody continued or ended for so long says nothing any more; longer than a circuit stays open. */
const RUN_KEPT_MS = 120_000;
/** What a provider asks for is kept to, up to this long. */
const LEFT_ALONE_MS_MAX = 30_000;

/** What the provider did. */
export const FAILURES: ReadonlySet<string> = new Set<ErrorCode>([
  "upstream_error",
  "upstream_auth",
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_truncated",
  "upstream_malformed",
]);
/** Answers: whole ones, and those to a request that was at fault itself. The rest is the client's or our own doing and not counted. */
export const ANSWERS: ReadonlySet<string> = new Set<ErrorCode | "">([
  "",
  "content_filter",
  "context_length_exceeded",
  "upstream_rejected",
]);

interface Bucket {
  second: number;
  calls: number;
  failures: number;
  rateLimited: number;
  firstTokenMsSum: number;
  firstTokens: number;
}

interface Target {
  provider: string;
  model: string;
  buckets: Bucket[];
  failuresInARow: number;
  failedMs: number;
  leftAloneUntilMs: number;
}

export class TargetHealth {
  readonly #targets = new Map<string, Target>();

  /** Counts a call, unless it says nothing about the provider. True: routers should hear of it soon. */
  ended(end: CallEnd, nowMs: number): boolean {
    const isFailure = FAILURES.has(end.code);
    const isRateLimited = end.code === "upstream_rate_limited";
    if (!isFailure && !isRateLimited && !ANSWERS.has(end.code)) return false;
    const target = this.#target(end.provider, end.model);
    if (!target) return false;
    countCall(currentBucket(target, nowMs), end.firstTokenMs, isFailure, isRateLimited);
    const isRunNews = runOn(target, isFailure, isRateLimited, nowMs);
    if (end.retryAfterMs === 0 || (!isFailure && !isRateLimited)) return isRunNews;
    this.leaveAlone(end, end.retryAfterMs, nowMs);
    return true;
  }

  /** A call was not even made, because its provider wants to be left alone. True: routers should hear of it soon. */
  leaveAlone({ provider, model }: Pick<CallEnd, "provider" | "model">, forMs: number, nowMs: number): boolean {
    const target = this.#target(provider, model);
    const untilMs = nowMs + Math.min(forMs, LEFT_ALONE_MS_MAX);
    if (!target || untilMs <= target.leftAloneUntilMs) return false;
    target.leftAloneUntilMs = untilMs;
    return true;
  }

  /** Models that were called in the last ten seconds, or whose run of failures is not over. */
  figures(nowMs: number): TargetFigures[] {
    const figures: TargetFigures[] = [];
    const oldest = Math.floor(nowMs / BUCKET_MS) - BUCKETS + 1;
    for (const [id, target] of this.#targets) {
      target.buckets = target.buckets.filter(({ second }) => second >= oldest);
      if (nowMs - target.failedMs > RUN_KEPT_MS) target.failuresInARow = 0;
      const retryAfterMs = Math.max(0, Math.ceil(target.leftAloneUntilMs - nowMs));
      if (target.buckets.length === 0 && target.failuresInARow === 0 && retryAfterMs === 0) this.#targets.delete(id);
      else figures.push({ ...sumOf(target), retryAfterMs });
    }
    return figures;
  }

  #target(provider: string, model: string): Target | undefined {
    const id = `${provider}/${model}`;
    const known = this.#targets.get(id);
    if (known || this.#targets.size >= TARGETS_MAX) return known;
    const target: Target = { provider, model, buckets: [], failuresInARow: 0, failedMs: 0, leftAloneUntilMs: 0 };
    this.#targets.set(id, target);
    return target;
  }
}

function countCall(bucket: Bucket, firstTokenMs: number, isFailure: boolean, isRateLimited: boolean): void {
  bucket.calls += 1;
  if (isFailure) bucket.failures += 1;
  if (isRateLimited) bucket.rateLimited += 1;
  if (firstTokenMs <= 0) return;
  bucket.firstTokenMsSum += firstTokenMs;
  bucket.firstTokens += 1;
}

/** True: the run is long enough for a circuit to open, or such a run is over. */
function runOn(target: Target, isFailure: boolean, isRateLimited: boolean, nowMs: number): boolean {
  const before = target.failuresInARow;
  if (isFailure) {
    target.failuresInARow += 1;
    target.failedMs = nowMs;
    return target.failuresInARow >= IN_A_ROW_NEWS;
  }
  // A refusal for its rate is neither: the provider answers, and does not serve.
  if (isRateLimited) return false;
  target.failuresInARow = 0;
  return before >= IN_A_ROW_NEWS;
}

function currentBucket({ buckets }: Target, nowMs: number): Bucket {
  const second = Math.floor(nowMs / BUCKET_MS);
  const last = buckets.at(-1);
  if (last?.second === second) return last;
  const bucket = { second, calls: 0, failures: 0, rateLimited: 0, firstTokenMsSum: 0, firstTokens: 0 };
  buckets.push(bucket);
  if (buckets.length > BUCKETS) buckets.shift();
  return bucket;
}

function sumOf({ provider, model, buckets, failuresInARow }: Target): Omit<TargetFigures, "retryAfterMs"> {
  let [calls, failures, rateLimited, firstTokenMsSum, firstTokens] = [0, 0, 0, 0, 0];
  for (const bucket of buckets) {
    calls += bucket.calls;
    failures += bucket.failures;
    rateLimited += bucket.rateLimited;
    firstTokenMsSum += bucket.firstTokenMsSum;
    firstTokens += bucket.firstTokens;
  }
  const sums = { calls, failures, rateLimited, firstTokens, firstTokenMsSum: BigInt(Math.round(firstTokenMsSum)) };
  return { provider, model, failuresInARow, ...sums };
}
