// What the base prices do not say: maximum output, exact context windows, capabilities; and the simulator's two models.
// Sources: models.dev of 2026-07-02 for OpenAI's limits; the simulator's figures are our own.
import { completeRates, type PriceEntry } from "./price-entry.ts";

/** What a model can be asked for besides text. */
export const CAPABILITIES = ["tools", "images", "json_schema"] as const;
type Capability = (typeof CAPABILITIES)[number];

export interface OwnModel {
  contextWindowTokens: number;
  maxOutputTokens: number;
  capabilities: readonly Capability[];
}

const ALL: readonly Capability[] = CAPABILITIES;
const model = (contextWindowTokens: number, maxOutputTokens: number, capabilities = ALL): OwnModel => ({
  contextWindowTokens,
  maxOutputTokens,
  capabilities,
});

/** By the base catalogue's provider and model id. */
const OWN_MODELS: Readonly<Record<string, OwnModel>> = {
  "openai/gpt-3.5-turbo": model(16_385, 4_096, ["tools"]),
  "openai/gpt-4-turbo": model(128_000, 4_096, ["tools", "images"]),
  "openai/gpt-4o": model(128_000, 16_384),
  "openai/gpt-4o-mini": model(128_000, 16_384),
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
const simulated = (name: string, input: bigint, cachedInput: bigint, output: bigint) => ({
  name,
  ...model(128_000, 4_096, ["tools", "images"]),
  prices: [
    {
      effectiveFromMs: 0,
      price: {
        version: SIMULATOR_PRICE_VERSION,
        tiers: [{ aboveInputTokens: 0n, rates: completeRates({ input, cachedInput, output }) }],
        perRequestPicoUsd: 0n,
      },
    },
  ] satisfies PriceEntry[],
});

/** $0.15/$0.60 and $5/$15 per million tokens, as pico-USD per token. */
export const SIMULATOR_MODELS = [
  simulated("economy", 150_000n, 75_000n, 600_000n),
  simulated("premium", 5_000_000n, 500_000n, 15_000_000n),
] as const;
