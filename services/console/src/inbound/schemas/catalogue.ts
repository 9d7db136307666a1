// Models, providers, aliases and prices.
import { CAPABILITIES } from "@waybill/catalog";
import { z } from "zod";
import { givenUsd, isoTime, modelId, organisation, reason, usd } from "./basics.ts";

const TOKENS_MAX = 100_000_000;
const tokens = z.int().min(0).max(TOKENS_MAX);
const capability = z.enum(CAPABILITIES);
const quality = z.record(z.string(), z.number().min(0).max(1)).describe("Predicted quality by task, 0 to 1");

/** USD per million tokens. */
const rates = {
  input: usd,
  cachedInput: usd,
  cacheWrite5m: usd,
  cacheWrite1h: usd,
  output: usd,
  reasoningOutput: usd,
};
const tier = z.object({
  aboveInputTokens: z.int().min(0).describe("Holds for the whole request when its input is larger"),
  ...rates,
});
const price = z
  .object({ version: z.string(), tiers: z.array(tier), perRequest: usd })
  .describe("Rates in USD per million tokens");
const priceEntry = price.extend({
  effectiveFrom: isoTime.nullable().describe("null: since ever"),
});

export const model = z.object({
  id: z.string().describe("<provider>/<model>"),
  provider: z.string(),
  model: z.string(),
  upstreamModel: z.string().describe("As its provider names it"),
  contextWindowTokens: z.int().describe("0: unknown"),
  maxOutputTokens: z.int().describe("0: unknown"),
  capabilities: z.array(z.string()),
  simulated: z.boolean(),
  live: z.boolean().describe("True while some worker serves it"),
  prices: z.array(priceEntry).describe("All of them, past and to come"),
  quality,
  firstTokenMs: z.int().nullable(),
  outputTokensPerSecond: z.int().nullable(),
  deprecatedAt: isoTime.nullable(),
  version: z.int(),
  source: z.string().describe("file, import, api or built-in"),
});
export const modelList = z.object({ models: z.array(model) });
const provider = z.object({
  id: z.string(),
  dialect: z.string(),
  baseUrl: z.string(),
  simulated: z.boolean(),
  version: z.int(),
});
export const providerList = z.object({ providers: z.array(provider) });
export const alias = z.object({ name: z.string(), target: z.string(), version: z.int() });
export const aliasList = z.object({ aliases: z.array(alias) });
export const priceList = z.object({
  prices: z.array(z.object({ model: z.string(), price: price.nullable().describe("In force now; null: unknown") })),
});

export const modelParams = z.strictObject({
  provider: z.string().min(1).max(128),
  model: z.string().min(1).max(128),
});
const givenTier = z.strictObject({
  aboveInputTokens: tokens.default(0),
  input: givenUsd,
  cachedInput: givenUsd.optional().describe("Absent: as input"),
  cacheWrite5m: givenUsd.optional().describe("Absent: as input"),
  cacheWrite1h: givenUsd.optional().describe("Absent: as cacheWrite5m"),
  output: givenUsd,
  reasoningOutput: givenUsd.optional().describe("Absent: as output"),
});
export const givenPrice = z.strictObject({
  version: z.string().min(1).max(128).optional().describe("Names these figures for ever; absent: made from them"),
  effectiveFrom: isoTime.nullable().default(null).describe("null: since ever"),
  tiers: z.array(givenTier).min(1).max(16),
  perRequest: givenUsd.default("0"),
});
export const saveModelBody = z.strictObject({
  upstreamModel: z.string().max(128).optional().describe("Absent: as it is, for a new one the model's own name"),
  contextWindowTokens: tokens.default(0).describe("0: as it is"),
  maxOutputTokens: tokens.default(0).describe("0: as it is"),
  capabilities: z.array(capability).default([]).describe("Empty: as they are"),
  prices: z.array(givenPrice).max(100).default([]).describe("All of them; empty: as they are"),
  quality: quality.default({}).describe("Empty: as it is"),
  firstTokenMs: z.int().min(0).max(3_600_000).default(0).describe("0: as it is"),
  outputTokensPerSecond: z.int().min(0).max(1_000_000).default(0).describe("0: as it is"),
  deprecatedAt: isoTime.optional().describe("Absent: as it is"),
  reason: reason.default(""),
  dryRun: z.boolean().default(false).describe("True: say what would change, and change nothing"),
});

const change = z.object({
  model: z.string(),
  change: z.string().describe("added, changed, price or same"),
  fields: z.array(z.string()),
  version: z.int().describe("0: it would be the first"),
});
export const modelChanges = z.object({ changes: z.array(change), warnings: z.array(z.string()), dryRun: z.boolean() });

export const importModelsBody = z.strictObject({
  format: z.enum(["litellm", "modelsdev"]),
  text: z.string().describe("model_prices_and_context_window.json of LiteLLM, or api.json of models.dev"),
  providers: z
    .record(z.string(), z.string())
    .describe("Their provider id -> ours; providers that are not named are left out"),
  models: z.array(modelId).max(5_000).optional().describe("Only these of ours; absent: those that exist already"),
  reason: reason.default(""),
  dryRun: z.boolean().default(false),
});

export const aliasParams = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, "is not a possible alias"),
});
export const saveAliasBody = z.strictObject({ target: modelId, reason: reason.default("") });
export const deleteAliasQuery = z.strictObject({ organisation: organisation.optional(), reason: reason.default("") });
export const deletedAlias = z.object({ name: z.string() });
