// Whether a request that has no room by the bytes of its input may have it by its tokens: then they are worth being counted.
import type { Price } from "@waybill/domain";
import { type BudgetRefusal, BudgetUnit } from "@waybill/wire";
import { type BoundedModel, type BoundedRequest, holdSize } from "./bounds.ts";

/**
 * OpenAI's own models, by the beginning of their names, the longer ones first:
 * https://github.com/openai/tiktoken/blob/main/tiktoken/model.py
 */
const TOKENIZERS: readonly [string, string][] = [
  ["gpt-4o", "o200k_base"],
  ["gpt-4.1", "o200k_base"],
  ["gpt-4.5", "o200k_base"],
  ["chatgpt-4o-", "o200k_base"],
  ["gpt-5", "o200k_base"],
  ["o1", "o200k_base"],
  ["o3", "o200k_base"],
  ["o4-mini", "o200k_base"],
  ["gpt-4", "cl100k_base"],
  ["gpt-3.5-turbo", "cl100k_base"],
];

/** How a model's text is counted; empty: nobody knows. Only OpenAI itself has the models that OpenAI's names mean. */
export function tokenizerOf(dialect: string, upstreamModel: string): string {
  if (dialect !== "openai") return "";
  return TOKENIZERS.find(([prefix]) => upstreamModel.startsWith(prefix))?.[1] ?? "";
}

/** A guess by characters may be twice what is counted; counting once too often only takes time. */
const GUESS_PARTS = 2n;

interface CountableRequest extends BoundedRequest {
  estimatedInputTokens: bigint;
  hasTools: boolean;
  hasJsonSchema: boolean;
  keptModel: string;
}

/**
 * True where the refusal would likely not have come with the input's tokens in place of its bytes. What tools and schemas become
 * before a model reads them is not known, so with them nothing is counted.
 */
export function isWorthCounting(
  request: CountableRequest,
  model: BoundedModel,
  price: Price | undefined,
  leastOutputTokens: bigint,
  { unit, leftPicoUsd }: BudgetRefusal,
): boolean {
  const { exactTokenizer, hasTools, hasJsonSchema, hasImages, hasUnseenInput, wantsEmbeddings, keptModel } = request;
  if (exactTokenizer !== "" || hasTools || hasJsonSchema || hasImages || hasUnseenInput || wantsEmbeddings)
    return false;
  if (keptModel !== "" || unit === BudgetUnit.REQUESTS) return false;
  const guessed = { ...request, inputTextBytes: request.estimatedInputTokens / GUESS_PARTS };
  const size = holdSize(guessed, model, price, leastOutputTokens);
  if (!size) return false;
  const least = unit === BudgetUnit.TOKENS ? size.leastTokens : size.leastPicoUsd;
  return least <= BigInt(leftPicoUsd || 0);
}
