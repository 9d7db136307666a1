// models.dev's api.json: providers by id, each with its models by id, prices in USD per million tokens.
// Format: https://github.com/anomalyco/models.dev. A file with `providers` and `models` beside each other is read, too: a
// provider's model may then name a `base_model` for what it does not say itself.
import type { GivenRates } from "../price-entry.ts";
import {
  exactRate,
  type GivenTier,
  type ImportedCatalogue,
  type ImportedModel,
  type ImportOptions,
  importedPrice,
  isObject,
  nothingImported,
  parseSource,
  tokensOf,
  Warnings,
} from "./imported-model.ts";

type Fields = Record<string, unknown>;

const RATES: Partial<Record<keyof GivenRates, string>> = {
  input: "input",
  cachedInput: "cache_read",
  cacheWrite5m: "cache_write",
  output: "output",
  reasoningOutput: "reasoning",
};

export function importModelsDev(text: string, options: ImportOptions): ImportedCatalogue {
  const source = parseSource(text);
  if ("problem" in source) return nothingImported(source.problem);
  if (!isObject(source.json)) return nothingImported("it must be an object of providers by id");
  const providers = isObject(source.json.providers) ? source.json.providers : source.json;
  const bases = isObject(source.json.providers) && isObject(source.json.models) ? source.json.models : {};
  const warnings = new Warnings();
  const models: ImportedModel[] = [];
  for (const [theirs, ours] of options.providers) {
    const listed = isObject(providers[theirs]) ? providers[theirs].models : undefined;
    if (!isObject(listed)) {
      warnings.add(`provider ${theirs}: it has no models there`);
      continue;
    }
    for (const [model, entry] of Object.entries(listed)) {
      if (!isObject(entry) || !options.wants(ours, model)) continue;
      const base = typeof entry.base_model === "string" ? bases[entry.base_model] : undefined;
      const whole: Fields = isObject(base) ? { ...base, ...entry } : entry;
      models.push(toModel(ours, model, whole, (line) => warnings.add(`${ours}/${model}: ${line}`)));
    }
  }
  return { models, warnings: warnings.all(), problem: undefined };
}

function toModel(provider: string, model: string, entry: Fields, warn: (line: string) => void): ImportedModel {
  const limit = isObject(entry.limit) ? entry.limit : {};
  const modalities = isObject(entry.modalities) ? entry.modalities : {};
  const reads = Array.isArray(modalities.input) ? modalities.input : [];
  const capabilities = [
    ...(entry.tool_call === true ? ["tools"] : []),
    ...(reads.includes("image") ? ["images"] : []),
    ...(entry.structured_output === true ? ["json_schema"] : []),
  ];
  return {
    provider,
    model,
    contextWindowTokens: tokensOf(limit.context),
    maxOutputTokens: tokensOf(limit.output),
    capabilities,
    price: priceOf(entry.cost, warn),
    deprecatedAtMs: 0,
  };
}

function priceOf(cost: unknown, warn: (line: string) => void): ImportedModel["price"] {
  const base = isObject(cost) ? ratesOf(cost, warn) : undefined;
  if (!isObject(cost) || !base) {
    if (!isObject(cost)) warn("it has no price; left unknown");
    return undefined;
  }
  const tiers: GivenTier[] = [{ aboveInputTokens: 0, rates: base }];
  for (const tier of Array.isArray(cost.tiers) ? (cost.tiers as unknown[]) : []) {
    const size = isObject(tier) && isObject(tier.tier) ? tokensOf(tier.tier.size) : 0;
    const rates = isObject(tier) && size > 0 ? ratesOf(tier, warn, base) : undefined;
    if (!rates) {
      warn("a price tier cannot be read; its price is left unknown");
      return undefined;
    }
    tiers.push({ aboveInputTokens: size, rates });
  }
  return importedPrice("models.dev", tiers);
}

function ratesOf(given: Fields, warn: (line: string) => void, below?: GivenRates): GivenRates | undefined {
  const rates: Partial<GivenRates> = { ...below };
  for (const [rate, field] of Object.entries(RATES) as [keyof GivenRates, string][]) {
    const value = given[field];
    if (value === undefined || value === null) continue;
    const exact = exactRate(value, 6);
    if (exact === undefined) {
      warn(`cost.${field} ${String(value)} cannot be said exactly; its price is left unknown`);
      return undefined;
    }
    rates[rate] = exact;
  }
  const { input, output } = rates;
  if (input === undefined || output === undefined) {
    warn("it has no price for input and output; left unknown");
    return undefined;
  }
  return { ...rates, input, output };
}
