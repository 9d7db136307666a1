// What an attempt costs, by what is known of it: the provider's figure, else what was counted, else the whole hold where a
// hard budget matched, else an estimate. Unknown is never zero.
import {
  costOf,
  maxPicoUsd,
  minPicoUsd,
  NO_TOKENS,
  PICO_USD_INT64_MAX,
  type PicoUsd,
  type TokenUsage,
} from "@waybill/domain";
import { AttemptOutcome, BudgetUnit, type Evidence, fromWirePrice, TokenSource, type Waybill } from "@waybill/wire";
import type { Ending } from "./ending.ts";
import { evidencedUsage, judgeUsage, type TokenBounds } from "./plausible-usage.ts";

/** The money side of one attempt. */
export interface Settlement {
  outcome: AttemptOutcome;
  usage: TokenUsage;
  tokenSource: TokenSource;
  costPicoUsd: PicoUsd;
  /** False: the price is unknown; the cost is 0 and goes to suspense. */
  costKnown: boolean;
  isSuspect: boolean;
  /** Names and numbers only; empty where the provider's own figure stands unquestioned. */
  evidence: Record<string, string | number | boolean>;
}

/**
 * What a call costs that this side ended or the provider cut, by a provider folder's rule; undefined: there is no rule, and
 * a hard budget books the hold.
 */
export type AbortedCallRule = (call: { stream: boolean; evidenced: TokenUsage }) => TokenUsage | undefined;

/** An attempt that this worker called, or tried to. */
export function settleEnding(waybill: Waybill, ending: Ending, abortedCall: AbortedCallRule): Settlement {
  const outcome = outcomeOf(ending);
  if (outcome === AttemptOutcome.FAILED_FREE) return nothingSpent();
  const bounds = boundsOf(waybill, ending.countedOutputTokens);
  const evidence = {
    reach: ending.reach,
    estimated_input_tokens: Number(waybill.estimatedInputTokens),
    counted_output_tokens: Number(ending.countedOutputTokens),
    content_bytes: ending.contentBytes,
  };
  const evidenced = evidencedUsage(bounds);
  const { reportedUsage: reported } = ending;
  if (reported && (outcome === AttemptOutcome.SUCCESS || reported.output >= evidenced.output)) {
    return fromReport(waybill, outcome, reported, bounds, evidence);
  }
  if (reported) {
    // Said while the answer was under way, as message_start says one token: more came, and is billed.
    const settlement = fromReport(waybill, outcome, { ...reported, output: evidenced.output }, bounds, evidence);
    return { ...settlement, tokenSource: TokenSource.COUNTED, evidence };
  }
  if (outcome === AttemptOutcome.SUCCESS) return fromEvidence(waybill, outcome, evidenced, evidence);
  if (outcome === AttemptOutcome.PARTIAL) {
    const byRule = abortedCall({ stream: waybill.stream, evidenced });
    if (byRule) return fromEvidence(waybill, outcome, byRule, evidence);
  }
  return wholeHold(waybill, outcome, evidence) ?? fromEvidence(waybill, outcome, evidenced, evidence);
}

/** An attempt whose worker is gone, or that nobody answers for; with what the ingress saw of it, if it saw anything. */
export function settleLost(waybill: Waybill, seen: Evidence | undefined): Settlement {
  const outcome = AttemptOutcome.UNKNOWN;
  const counted = seen?.countedOutputTokens ?? 0n;
  const bounds = boundsOf(waybill, counted);
  const evidence = {
    reach: seen?.accepted ? "accepted" : "unknown",
    estimated_input_tokens: Number(waybill.estimatedInputTokens),
    counted_output_tokens: Number(counted),
    content_bytes: Number(seen?.contentBytes ?? 0n),
  };
  if (seen?.providerUsage) return fromReport(waybill, outcome, seen.providerUsage, bounds, evidence);
  return wholeHold(waybill, outcome, evidence) ?? fromEvidence(waybill, outcome, evidencedUsage(bounds), evidence);
}

/** An attempt that certainly reached no provider. */
export function nothingSpent(): Settlement {
  return {
    outcome: AttemptOutcome.FAILED_FREE,
    usage: NO_TOKENS,
    tokenSource: TokenSource.NONE,
    costPicoUsd: 0n,
    costKnown: true,
    isSuspect: false,
    evidence: {},
  };
}

function outcomeOf(ending: Ending): AttemptOutcome {
  if (!ending.failure) return AttemptOutcome.SUCCESS;
  if (ending.reach === "not_sent" || ending.reach === "refused") return AttemptOutcome.FAILED_FREE;
  if (ending.wasCancelled || ending.contentBytes > 0) return AttemptOutcome.PARTIAL;
  return ending.reportedUsage ? AttemptOutcome.FAILED_BILLED : AttemptOutcome.UNKNOWN;
}

function boundsOf(waybill: Waybill, countedOutputTokens: bigint): TokenBounds {
  const { inputTokensBound, maxOutputTokens, estimatedInputTokens } = waybill;
  return { inputTokensBound, maxOutputTokens, estimatedInputTokens, countedOutputTokens };
}

type Counts = Settlement["evidence"];

function fromReport(
  waybill: Waybill,
  outcome: AttemptOutcome,
  reported: TokenUsage,
  bounds: TokenBounds,
  counts: Counts,
): Settlement {
  const { usage, isSuspect } = judgeUsage(reported, bounds);
  const evidence = isSuspect
    ? {
        ...counts,
        reported_input: String(reported.input),
        reported_cached_input: String(reported.cachedInput),
        reported_output: String(reported.output),
        reported_reasoning_output: String(reported.reasoningOutput),
      }
    : {};
  return {
    outcome,
    usage,
    tokenSource: TokenSource.PROVIDER,
    ...priced(waybill, usage),
    isSuspect,
    evidence,
  };
}

function fromEvidence(waybill: Waybill, outcome: AttemptOutcome, usage: TokenUsage, evidence: Counts): Settlement {
  const tokenSource = usage.output > 0n ? TokenSource.COUNTED : TokenSource.ESTIMATED;
  return { outcome, usage, tokenSource, ...priced(waybill, usage), isSuspect: false, evidence };
}

/** Undefined where neither a hard budget nor a limit of tokens matched; a counter of requests asks for no figure. */
function wholeHold(waybill: Waybill, outcome: AttemptOutcome, evidence: Counts): Settlement | undefined {
  const hard = waybill.holds.filter((line) => line.hard && line.unit !== BudgetUnit.REQUESTS);
  if (hard.length === 0) return undefined;
  const { inputTokensBound, estimatedInputTokens, maxOutputTokens } = waybill;
  const input = inputTokensBound > 0n ? inputTokensBound : estimatedInputTokens;
  const usage = { ...NO_TOKENS, input, output: maxOutputTokens };
  const money = waybill.holds.filter(({ unit }) => unit === BudgetUnit.UNSPECIFIED);
  // Every line holds the same attempt; a line may be smaller where its budget covers only a part.
  const cost = money.some((line) => line.hard)
    ? { costPicoUsd: money.reduce((most, line) => maxPicoUsd(most, line.amountPicoUsd), 0n), costKnown: true }
    : priced(waybill, usage);
  return { outcome, usage, tokenSource: TokenSource.WORST_CASE, ...cost, isSuspect: false, evidence };
}

function priced(waybill: Waybill, usage: TokenUsage): Pick<Settlement, "costPicoUsd" | "costKnown"> {
  const price = fromWirePrice(waybill.price);
  if (!price) return { costPicoUsd: 0n, costKnown: false };
  return { costPicoUsd: minPicoUsd(costOf(usage, price), PICO_USD_INT64_MAX), costKnown: true };
}
