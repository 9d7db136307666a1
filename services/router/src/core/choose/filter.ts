// Who can serve this request: capability, context window, deprecation, price where a hard budget applies, a live worker, a
// closed circuit.
import type { ErrorCode } from "@waybill/domain";
import { windowOf } from "../bounds.ts";
import type { ModelEntry } from "../snapshot.ts";

/** What the request asks of a model. */
export interface Needs {
  hasTools: boolean;
  hasImages: boolean;
  hasJsonSchema: boolean;
  /** Such a request is served by models for embeddings, and no other one is. */
  wantsEmbeddings: boolean;
  estimatedInputTokens: bigint;
  /** Inputs with a context window of their own each; 0 counts as 1. */
  inputCount: number;
  /** It asks for something that a list of prices does not cover, so no worst case is one. */
  priceUnbounded: boolean;
}

/** What is known of the model beside its entry. */
export interface Circumstances {
  isAllowed: boolean;
  isLive: boolean;
  /** closed, half_open, open or rate_limited. */
  circuit: string;
  /** A hard budget matches this candidate, so a cost that cannot be said is a refusal. */
  hasHardBudget(): boolean;
  unixMs: number;
}

/** Why a candidate is out: the code a client would get if it were the only one, and a sentence for people. */
export interface Rejection {
  code: ErrorCode;
  because: string;
}

export const NOT_ALLOWED: Rejection = { code: "model_not_allowed", because: "not allowed for this key" };
export const NOT_LIVE: Rejection = { code: "no_workers", because: "no live worker" };

/** Undefined: the model can serve. The order is from what never changes to what may change in a second. */
export function reject(model: ModelEntry, needs: Needs, circumstances: Circumstances): Rejection | undefined {
  if (!circumstances.isAllowed) return NOT_ALLOWED;
  const unfit = whyUnfit(model, needs);
  if (unfit !== undefined) return { code: "invalid_value", because: unfit };
  const window = windowOf(needs, model);
  if (window > 0n && needs.estimatedInputTokens > window) {
    return {
      code: "context_length_exceeded",
      because: `about ${needs.estimatedInputTokens} input tokens, context window ${window}`,
    };
  }
  if (model.deprecatedAtMs > 0 && model.deprecatedAtMs <= circumstances.unixMs) {
    return { code: "model_not_found", because: "withdrawn by its provider" };
  }
  if (!model.price && circumstances.hasHardBudget()) {
    return { code: "price_unknown", because: "no known price and a hard budget applies" };
  }
  // Even a price of zero is refused: a provider's free models may charge for what is asked beside the tokens.
  if (needs.priceUnbounded && circumstances.hasHardBudget()) {
    return { code: "hold_unbounded", because: "the request asks for something that its price does not cover" };
  }
  if (!circumstances.isLive) return NOT_LIVE;
  if (circumstances.circuit === "open") return { code: "upstream_unreachable", because: "its circuit is open" };
  if (circumstances.circuit === "rate_limited") {
    return { code: "upstream_rate_limited", because: "its provider asked to be left alone for a while" };
  }
  return undefined;
}

function whyUnfit({ capabilities }: ModelEntry, needs: Needs): string | undefined {
  const isForEmbeddings = capabilities.has("embeddings");
  if (needs.wantsEmbeddings) return isForEmbeddings ? undefined : "does not support embeddings";
  if (isForEmbeddings) return "serves only embeddings";
  if (needs.hasTools && !capabilities.has("tools")) return "does not support tools";
  if (needs.hasImages && !capabilities.has("images")) return "does not support images";
  if (needs.hasJsonSchema && !capabilities.has("json_schema")) return "does not support json_schema";
  return undefined;
}

/** Of several rejections, the one the client should hear: what may be over soon comes first. */
const SPEAKS_FIRST: readonly ErrorCode[] = [
  "no_workers",
  "upstream_rate_limited",
  "upstream_unreachable",
  "budget_unavailable",
  "rate_limit_exceeded",
  "limit_exceeded",
  "budget_exceeded",
  "price_unknown",
  "hold_unbounded",
  "context_length_exceeded",
  "invalid_value",
  "model_not_allowed",
  "model_not_found",
];

/** The code to refuse with when every candidate was rejected. Throws for an empty list. */
export function speakingRejection(rejections: readonly Rejection[]): Rejection {
  for (const code of SPEAKS_FIRST) {
    const found = rejections.find((rejection) => rejection.code === code);
    if (found) return found;
  }
  const [first] = rejections;
  if (!first) throw new Error("there is no rejection to speak");
  return first;
}
