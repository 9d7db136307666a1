// LiteLLM's model_prices_and_context_window.json: one object by model name, prices in USD per token.
// Format: https://github.com/BerriAI/litellm, `sample_spec` in the file itself.
import type { GivenRates } from "../price-entry.ts";
import {
  dayMs,
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

const RATES: Record<keyof GivenRates, string> = {
  input: "input_cost_per_token",
  cachedInput: "cache_read_input_token_cost",
  cacheWrite5m: "cache_creation_input_token_cost",
  cacheWrite1h: "cache_creation_input_token_cost_above_1hr",
  output: "output_cost_per_token",
  reasoningOutput: "output_cost_per_reasoning_token",
};
/** `input_cost_per_token_above_200k_tokens`: the rate of requests with a larger input. */
const ABOVE = /_above_(\d+)k_tokens$/;
const MODES = new Set(["chat", "responses", "completion", "embedding"]);
const EMBEDDING = "embedding";
const NOT_A_MODEL = "sample_spec";

export function importLitellm(text: string, options: ImportOptions): ImportedCatalogue {
  const source = parseSource(text);
  if ("problem" in source) return nothingImported(source.problem);
  if (!isObject(source.json)) return nothingImported("it must be an object of models by name");
  const warnings = new Warnings();
  const models = new Map<string, ImportedModel>();
  for (const [name, entry] of Object.entries(source.json)) {
    if (name === NOT_A_MODEL || !isObject(entry) || !MODES.has(String(entry.mode))) continue;
    const provider = options.providers.get(String(entry.litellm_provider));
    const model = withoutProvider(name, String(entry.litellm_provider));
    if (provider === undefined || !options.wants(provider, model)) continue;
    const id = `${provider}/${model}`;
    // `gpt-4.1` and `openai/gpt-4.1` are the same model; the first one counts.
    if (!models.has(id))
      models.set(
        id,
        toModel(provider, model, entry, (line) => warnings.add(`${id}: ${line}`)),
      );
  }
  return { models: [...models.values()], warnings: warnings.all(), problem: undefined };
}

function withoutProvider(name: string, provider: string): string {
  return name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name;
}

function toModel(
  provider: string,
  model: string,
  entry: Record<string, unknown>,
  warn: (line: string) => void,
): ImportedModel {
  const isForEmbeddings = entry.mode === EMBEDDING;
  return {
    provider,
    model,
    contextWindowTokens: tokensOf(entry.max_input_tokens) || tokensOf(entry.max_tokens),
    maxOutputTokens: isForEmbeddings ? 0 : tokensOf(entry.max_output_tokens) || tokensOf(entry.max_tokens),
    capabilities: isForEmbeddings ? ["embeddings"] : chatCapabilities(entry),
    // A price of output that is left out is nothing only where there is no output.
    price: priceOf(isForEmbeddings ? { [RATES.output]: 0, ...entry } : entry, warn),
    deprecatedAtMs: dayMs(entry.deprecation_date),
  };
}

function chatCapabilities(entry: Record<string, unknown>): string[] {
  return [
    ...(entry.supports_function_calling === true ? ["tools"] : []),
    ...(entry.supports_vision === true ? ["images"] : []),
    ...(entry.supports_response_schema === true ? ["json_schema"] : []),
  ];
}

function priceOf(entry: Record<string, unknown>, warn: (line: string) => void): ImportedModel["price"] {
  if (entry.tiered_pricing !== undefined) {
    warn("its price depends on more than the size of the input; left unknown");
    return undefined;
  }
  const base = ratesOf(entry, "", warn);
  if (!base) return undefined;
  const tiers: GivenTier[] = [{ aboveInputTokens: 0, rates: base }];
  for (const thousands of thresholds(entry)) {
    const rates = ratesOf(entry, `_above_${thousands}k_tokens`, warn, base);
    if (!rates) return undefined;
    tiers.push({ aboveInputTokens: thousands * 1_000, rates });
  }
  return importedPrice("litellm", tiers);
}

function thresholds(entry: Record<string, unknown>): number[] {
  const found = new Set<number>();
  for (const field of Object.keys(entry)) {
    const thousands = ABOVE.exec(field)?.[1];
    if (thousands !== undefined) found.add(Number(thousands));
  }
  return [...found].sort((a, b) => a - b);
}

/** Undefined: input or output has no price, or one that cannot be said exactly. What a tier leaves out is as below it. */
function ratesOf(
  entry: Record<string, unknown>,
  suffix: string,
  warn: (line: string) => void,
  below?: GivenRates,
): GivenRates | undefined {
  const rates: Partial<GivenRates> = { ...below };
  for (const [rate, field] of Object.entries(RATES) as [keyof GivenRates, string][]) {
    const value = entry[`${field}${suffix}`];
    if (value === undefined || value === null) continue;
    const exact = exactRate(value, 0);
    if (exact === undefined) {
      warn(`${field}${suffix} ${String(value)} cannot be said exactly; its price is left unknown`);
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
