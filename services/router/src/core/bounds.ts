// How large a request can get: bounds of its input and output tokens that no honest tokeniser or provider exceeds, and what a
// hold must cover. Unknown is never small: where there is no bound, there is none.
import { affordableOutputTokens, PICO_USD_INT64_MAX, type PicoUsd, type Price, worstCaseCost } from "@waybill/domain";
import { BudgetUnit } from "@waybill/wire";

/** Tokens a provider adds per message or tool (role, separators, schema syntax): OpenAI adds 3 to 4, others up to about 10. */
const PART_OVERHEAD_TOKENS = 16n;
/** Tokens a provider adds once per request (priming the answer, a tool preamble). */
const REQUEST_OVERHEAD_TOKENS = 400n;
/** Catalogues round context windows (1 000 000 for 1 047 576): as a bound they are taken a twentieth larger. */
const WINDOW_ROUNDING = 20n;

export interface BoundedRequest {
  /** For one choice; 0: the client did not say. */
  maxOutputTokens: bigint;
  choiceCount: number;
  /** UTF-8 bytes of the text the model reads: each token is at least one byte. */
  inputTextBytes: bigint;
  /** Tokens of that text, and with which tokenizer they were counted; empty: they were not. */
  exactInputTokens: bigint;
  exactTokenizer: string;
  inputPartCount: number;
  hasUnseenInput: boolean;
  hasImages: boolean;
  /** There is no output. */
  wantsEmbeddings: boolean;
  /** Inputs with a context window of their own each; 0 counts as 1. */
  inputCount: number;
}

export interface BoundedModel {
  /** 0: unknown. */
  contextWindowTokens: bigint;
  /** 0: unknown. */
  maxOutputTokens: bigint;
  /** How its text is counted; absent or empty: nobody knows. */
  tokenizer?: string;
}

/** What an exact or cut hold has to cover. */
export interface HoldSize {
  worstPicoUsd: PicoUsd;
  /** The least that makes the call worth while. */
  leastPicoUsd: PicoUsd;
  /** The same in tokens, input and output together. */
  worstTokens: bigint;
  leastTokens: bigint;
  /** What a budget that is not hard holds: the worst case, or less where it is known how long answers get. */
  likelyPicoUsd: PicoUsd;
  likelyTokens: bigint;
  /** The output in that, of all choices. */
  likelyOutputTokens: bigint;
  inputTokensMax: bigint;
  /** For one choice. */
  outputTokensMax: bigint;
  choices: bigint;
  /** The client did not bound the output, so a share of the budget may. */
  boundedByShare: boolean;
}

export const NO_SIZE: HoldSize = Object.freeze({
  ...{ worstPicoUsd: 0n, leastPicoUsd: 0n, worstTokens: 0n, leastTokens: 0n, inputTokensMax: 0n, outputTokensMax: 0n },
  ...{ likelyPicoUsd: 0n, likelyTokens: 0n, likelyOutputTokens: 0n, choices: 1n, boundedByShare: false },
});

/**
 * The most input tokens. Unseen input, and images (whose tokens have nothing to do with their bytes), count as the whole
 * context window, which each input has for itself. Undefined: no bound is known.
 */
export function inputBound(request: BoundedRequest, model: BoundedModel): bigint | undefined {
  const window = windowOf(request, model);
  const windowMax = window === 0n ? undefined : window + window / WINDOW_ROUNDING;
  if (request.hasUnseenInput || request.hasImages) return windowMax;
  const isCounted = request.exactTokenizer !== "" && request.exactTokenizer === model.tokenizer;
  const text = isCounted ? request.exactInputTokens : request.inputTextBytes;
  const seen = text + BigInt(request.inputPartCount) * PART_OVERHEAD_TOKENS + REQUEST_OVERHEAD_TOKENS;
  return windowMax === undefined || seen < windowMax ? seen : windowMax;
}

/** The context windows of all inputs together; 0: unknown. */
export function windowOf(
  { inputCount }: { inputCount: number },
  { contextWindowTokens }: { contextWindowTokens: bigint },
): bigint {
  return inputCount > 1 ? contextWindowTokens * BigInt(inputCount) : contextWindowTokens;
}

/** The most output tokens of one choice: the client's limit, the model's, its context window, whichever is least. */
export function outputBound(request: BoundedRequest, model: BoundedModel): bigint | undefined {
  if (request.wantsEmbeddings) return 0n;
  let bound: bigint | undefined;
  for (const limit of [request.maxOutputTokens, model.maxOutputTokens, model.contextWindowTokens]) {
    if (limit > 0n && (bound === undefined || limit < bound)) bound = limit;
  }
  return bound;
}

/**
 * What a hold for this request at this price must be; undefined when it cannot be bounded or does not fit a hold. Without a price
 * no money can be held, and the amounts of money are 0: only counters of requests and tokens are. `observedOutputTokens`: what nearly
 * all answers of this model on this route stay within, for one choice, where that is known.
 */
export function holdSize(
  request: BoundedRequest,
  model: BoundedModel,
  price: Price | undefined,
  leastOutputTokens: bigint,
  observedOutputTokens?: bigint,
): HoldSize | undefined {
  const inputTokensMax = inputBound(request, model);
  const outputTokensMax = outputBound(request, model);
  if (inputTokensMax === undefined || outputTokensMax === undefined) return undefined;
  const choices = BigInt(Math.max(1, request.choiceCount));
  const costOf = (outputTokens: bigint): PicoUsd =>
    price ? worstCaseCost(price, inputTokensMax, outputTokens * choices) : 0n;
  const worstPicoUsd = costOf(outputTokensMax);
  if (worstPicoUsd > PICO_USD_INT64_MAX) return undefined;
  const least = outputTokensMax < leastOutputTokens ? outputTokensMax : leastOutputTokens;
  const isShorter = observedOutputTokens !== undefined && observedOutputTokens < outputTokensMax;
  const likely = isShorter ? observedOutputTokens : outputTokensMax;
  return {
    worstPicoUsd,
    leastPicoUsd: costOf(least),
    worstTokens: inputTokensMax + outputTokensMax * choices,
    leastTokens: inputTokensMax + least * choices,
    likelyPicoUsd: costOf(likely),
    likelyTokens: inputTokensMax + likely * choices,
    likelyOutputTokens: likely * choices,
    inputTokensMax,
    outputTokensMax,
    choices,
    boundedByShare: request.maxOutputTokens === 0n && !request.wantsEmbeddings,
  };
}

/** What an answer is taken to be where neither client nor experience says. */
const LIKELY_OUTPUT_TOKENS = 1_000n;

/**
 * Input and output tokens that a request will likely use: its estimated input, and of output for each choice what nearly all answers stay
 * within (`observed`), else what the client allows, else 1,000. At least 1.
 */
export function likelyTokens(
  request: Pick<BoundedRequest, "maxOutputTokens" | "choiceCount" | "wantsEmbeddings"> & {
    estimatedInputTokens: bigint;
  },
  observed?: bigint,
): number {
  const { maxOutputTokens: allowed, choiceCount, wantsEmbeddings, estimatedInputTokens } = request;
  const most = allowed > 0n ? allowed : LIKELY_OUTPUT_TOKENS;
  const output = observed !== undefined && (observed < most || allowed === 0n) ? observed : most;
  const all = estimatedInputTokens + (wantsEmbeddings ? 0n : output * BigInt(Math.max(1, choiceCount)));
  return Math.max(1, Number(all));
}

/**
 * How much output, of all choices, the lines of budgets that are not hard cover; 0: all that can come, or there are none. Counters of
 * requests hold no output.
 */
export function watchedOutputTokens(
  { likelyTokens, worstTokens, likelyOutputTokens }: HoldSize,
  lines: readonly { hard: boolean; unit: BudgetUnit }[],
): bigint {
  if (likelyTokens >= worstTokens) return 0n;
  return lines.some(({ hard, unit }) => !hard && unit !== BudgetUnit.REQUESTS) ? likelyOutputTokens : 0n;
}

/** Output tokens per choice that a hold of so many tokens covers, at most what was bounded. */
export function coveredByTokens(
  { worstTokens, inputTokensMax, outputTokensMax, choices }: HoldSize,
  heldTokens: bigint,
): bigint {
  if (heldTokens >= worstTokens) return outputTokensMax;
  const left = heldTokens - inputTokensMax;
  return left <= 0n ? 0n : left / choices;
}

/** Output tokens per choice that a hold of this amount covers, at most what was bounded. */
export function coveredOutputTokens(size: HoldSize, price: Price, heldPicoUsd: PicoUsd): bigint {
  if (heldPicoUsd >= size.worstPicoUsd) return size.outputTokensMax;
  const covered = affordableOutputTokens(price, size.inputTokensMax, heldPicoUsd) / size.choices;
  if (covered > size.outputTokensMax) return size.outputTokensMax;
  return covered;
}

/** True when nothing this model does costs anything, however much it is: a price of zero needs no bound and no hold. */
export function isFree({ tiers, perRequestPicoUsd }: Price): boolean {
  return perRequestPicoUsd === 0n && tiers.every(({ rates }) => Object.values(rates).every((rate) => rate === 0n));
}
