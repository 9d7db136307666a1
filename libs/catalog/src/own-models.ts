// What the base prices do not say: maximum output, exact context windows, capabilities, quality; and the simulator's two models.
// Sources: models.dev of 2026-07-02 for OpenAI's limits, openai/openai-openapi CreateEmbeddingRequest for those of embeddings; quality from published results of WildEval/ZeroEval @8c1485edf12c
// (share of right answers on GSM8K, level 5 of MATH, and CRUXEval). The simulator's figures are our own.
import { completeRates, type PriceEntry } from "./price-entry.ts";

/** What may be said of a model: what it can be asked for besides text, or that it makes embeddings and nothing else. */
export const CAPABILITIES = ["tools", "images", "json_schema", "embeddings"] as const;
type Capability = (typeof CAPABILITIES)[number];

/** Where nothing is known the provider itself is the judge. Embeddings are never supposed: they are another kind of request. */
export const SUPPOSED_CAPABILITIES = ["tools", "images", "json_schema"] as const satisfies readonly Capability[];

/** True for a model that makes embeddings and nothing else. */
export function isForEmbeddings(capabilities: readonly string[]): boolean {
  return capabilities.includes("embeddings");
}

export interface OwnModel {
  contextWindowTokens: number;
  maxOutputTokens: number;
  capabilities: readonly Capability[];
  /** By task, from 0 to 1; "" is any other task. Empty: nothing is known. */
  quality: QualityByTask;
}

export type QualityByTask = Readonly<Record<string, number>>;

const ALL: readonly Capability[] = SUPPOSED_CAPABILITIES;
const model = (
  contextWindowTokens: number,
  maxOutputTokens: number,
  capabilities = ALL,
  quality: QualityByTask = {},
): OwnModel => ({ contextWindowTokens, maxOutputTokens, capabilities, quality });

/** GSM8K, MATH level 5, CRUXEval; any other task has their mean. */
const measured = (math: number, reasoning: number, code: number): QualityByTask => ({
  "": Math.round(((math + reasoning + code) / 3) * 1_000) / 1_000,
  math,
  reasoning,
  code,
});

/** By the base catalogue's provider and model id. */
const OWN_MODELS: Readonly<Record<string, OwnModel>> = {
  "openai/gpt-3.5-turbo": model(16_385, 4_096, ["tools"], measured(0.804, 0.137, 0.547)),
  "openai/gpt-4-turbo": model(128_000, 4_096, ["tools", "images"]),
  "openai/gpt-4o": model(128_000, 16_384, ALL, measured(0.962, 0.553, 0.87)),
  "openai/gpt-4o-mini": model(128_000, 16_384, ALL, measured(0.942, 0.521, 0.759)),
  "openai/gpt-4.1": model(1_047_576, 32_768),
  "openai/gpt-4.1-mini": model(1_047_576, 32_768),
  "openai/gpt-4.1-nano": model(1_047_576, 32_768),
  "openai/gpt-5-mini": model(400_000, 128_000),
  "openai/gpt-5-nano": model(400_000, 128_000),
  "openai/gpt-5.1": model(400_000, 128_000),
  "openai/gpt-5.2": model(400_000, 128_000),
  "openai/gpt-5.4": model(1_050_000, 128_000),
  "openai/gpt-5.5": model(1_050_000, 128_000),
  "openai/o3": model(200_000, 100_000),
  "openai/o3-mini": model(200_000, 100_000, ["tools", "json_schema"]),
  "openai/o4-mini": model(200_000, 100_000),
  "openai/text-embedding-3-small": model(8_192, 0, ["embeddings"]),
  "openai/text-embedding-3-large": model(8_192, 0, ["embeddings"]),
  "openai/text-embedding-ada-002": model(8_192, 0, ["embeddings"]),
};

/** Our own figures for a model of the base catalogue, or undefined. */
export function findOwnModel(catalogueProvider: string, catalogueId: string): OwnModel | undefined {
  const key = `${catalogueProvider}/${catalogueId}`;
  return Object.hasOwn(OWN_MODELS, key) ? OWN_MODELS[key] : undefined;
}

/** The demo provider's id. It is never a vendor's. */
export const SIMULATOR_PROVIDER = "sim";
const SIMULATOR_PRICE_VERSION = "waybill-simulator-2026-11-22";

/** Its answers are plain text that says so; it can be shown tools and images, but does not answer by a schema. */
const simulated = (
  name: string,
  rates: { input: bigint; cachedInput: bigint; output: bigint },
  quality: QualityByTask,
  speed: { firstTokenMs: number; outputTokensPerSecond: number },
) => ({
  name,
  ...model(128_000, 4_096, ["tools", "images"], quality),
  ...speed,
  prices: [
    {
      effectiveFromMs: 0,
      price: {
        version: SIMULATOR_PRICE_VERSION,
        tiers: [{ aboveInputTokens: 0n, rates: completeRates(rates) }],
        perRequestPicoUsd: 0n,
      },
    },
  ] satisfies PriceEntry[],
});

/**
 * $0.15/$0.60 and $5/$15 per million tokens, as pico-USD per token. The qualities are invented so that all three modes of
 * `auto` can be seen: economy is good enough for `cost` in a chat, and for `balanced` where something is extracted.
 */
export const SIMULATOR_MODELS = [
  simulated(
    "economy",
    { input: 150_000n, cachedInput: 75_000n, output: 600_000n },
    { "": 0.86, extraction: 0.895, reasoning: 0.6, code: 0.7 },
    { firstTokenMs: 200, outputTokensPerSecond: 120 },
  ),
  simulated(
    "premium",
    { input: 5_000_000n, cachedInput: 500_000n, output: 15_000_000n },
    { "": 0.9, reasoning: 0.92, code: 0.91 },
    { firstTokenMs: 325, outputTokensPerSecond: 60 },
  ),
] as const;
