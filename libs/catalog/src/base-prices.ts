// Base prices and context windows from @pydantic/genai-prices: its data only, as shipped. Its own arithmetic (floats) and its
// auto-update (a download) are never used: prices change when the package's version in the lockfile changes.
import { createRequire } from "node:module";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import type { PriceTier } from "@waybill/domain";
import { picoUsdPerCall, picoUsdPerToken } from "./decimal-price.ts";
import { completeRates, type PriceEntry } from "./price-entry.ts";

/** What the package knows of one model. `entries` is empty where its price cannot be said exactly: unknown, never zero. */
export interface BaseModel {
  /** The id under which the package files it; dated names lead to the same one. */
  catalogueId: string;
  contextWindowTokens: number | undefined;
  entries: PriceEntry[];
  /** Why there is no price, for the log. */
  priceProblem: string | undefined;
}

type GivenPrices = Record<string, unknown>;

/** The package's provider id for a base URL ("https://api.openai.com/v1" -> "openai"), or undefined. */
export function catalogueProviderOf(baseUrl: string): string | undefined {
  return findProvider({ providerApiUrl: baseUrl })?.id;
}

/** True when the package knows a provider of that id. */
export function isCatalogueProvider(id: string): boolean {
  return findProvider({ providerId: id })?.id === id;
}

/**
 * Looks a model up by the package's own matching rules; undefined when it is not there. `isWithoutOutput`: of a model for embeddings,
 * whose output the package gives no price, because there is none.
 */
export function findBaseModel(
  catalogueProvider: string,
  model: string,
  isWithoutOutput = false,
): BaseModel | undefined {
  // With no usage this only matches; the price it computes (0) is not looked at.
  const found = calcPrice({}, model, { providerId: catalogueProvider })?.model;
  if (!found) return undefined;
  const base = { catalogueId: found.id, contextWindowTokens: found.context_window };
  try {
    return { ...base, entries: entriesOf(found.prices, isWithoutOutput), priceProblem: undefined };
  } catch (error) {
    return { ...base, entries: [], priceProblem: error instanceof Error ? error.message : String(error) };
  }
}

/** "genai-prices-<package version>", and the day from which a dated entry holds. */
function versionText(startDate: string | undefined): string {
  return `genai-prices-${packageVersion()}${startDate === undefined ? "" : `-from-${startDate}`}`;
}

let knownVersion: string | undefined;
function packageVersion(): string {
  // The package does not export its package.json; it lies two folders above the entry point.
  const require = createRequire(import.meta.url);
  knownVersion ??= (require(`${entryFolder(require)}/../package.json`) as { version: string }).version;
  return knownVersion;
}

function entryFolder(require: NodeJS.Require): string {
  return require.resolve("@pydantic/genai-prices").replace(/[/\\][^/\\]*$/, "");
}

function entriesOf(prices: unknown, isWithoutOutput: boolean): PriceEntry[] {
  const conditional = Array.isArray(prices) ? (prices as unknown[]) : [{ prices }];
  return conditional.map((item) => {
    const { constraint, prices: given } = item as {
      constraint?: { type?: string; start_date?: string };
      prices: unknown;
    };
    const startDate = constraint?.start_date;
    if (constraint && startDate === undefined)
      throw new Error(`its price depends on ${constraint.type ?? "a condition"}`);
    const effectiveFromMs = startDate === undefined ? 0 : Date.parse(`${startDate}T00:00:00Z`);
    if (Number.isNaN(effectiveFromMs)) throw new Error(`its price begins on no date: ${startDate}`);
    return {
      effectiveFromMs,
      price: {
        version: versionText(startDate),
        tiers: tiersOf(given as GivenPrices, isWithoutOutput),
        perRequestPicoUsd: perRequest(given as GivenPrices),
      },
    };
  });
}

const KEYS = {
  input: "input_mtok",
  cachedInput: "cache_read_mtok",
  cacheWrite5m: "cache_write_mtok",
  cacheWrite1h: "cache_write_1h_mtok",
  output: "output_mtok",
  reasoningOutput: "output_reasoning_mtok",
} as const;

/** Tiers count from `start` tokens of input, exclusive, and hold for the whole request: the same rule as ours. */
function tiersOf(given: GivenPrices, isWithoutOutput: boolean): PriceTier[] {
  const starts = new Set<number>([0]);
  for (const key of Object.values(KEYS)) for (const tier of tieredOf(given[key])?.tiers ?? []) starts.add(tier.start);
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => {
      const input = rateAt(given, KEYS.input, start);
      const output = rateAt(given, KEYS.output, start) ?? (isWithoutOutput ? 0n : undefined);
      if (input === undefined || output === undefined) throw new Error("it has no price for text input and output");
      return {
        aboveInputTokens: BigInt(start),
        rates: completeRates({
          input,
          output,
          cachedInput: rateAt(given, KEYS.cachedInput, start),
          cacheWrite5m: rateAt(given, KEYS.cacheWrite5m, start),
          cacheWrite1h: rateAt(given, KEYS.cacheWrite1h, start),
          reasoningOutput: rateAt(given, KEYS.reasoningOutput, start),
        }),
      };
    });
}

function perRequest(given: GivenPrices): bigint {
  const value = given.requests_kcount;
  return value === undefined ? 0n : exactly("requests_kcount", value, picoUsdPerCall);
}

interface Tiered {
  base: unknown;
  tiers: { start: number; price: unknown }[];
}

function tieredOf(value: unknown): Tiered | undefined {
  return typeof value === "object" && value !== null ? (value as Tiered) : undefined;
}

function rateAt(given: GivenPrices, key: string, start: number): bigint | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  const tiered = tieredOf(value);
  let plain = tiered ? tiered.base : value;
  for (const tier of [...(tiered?.tiers ?? [])].sort((a, b) => a.start - b.start)) {
    if (start >= tier.start) plain = tier.price;
  }
  return exactly(key, plain, picoUsdPerToken);
}

/** A number's shortest decimal text is what stands in the package's data; that text is parsed, the number is never computed with. */
function exactly(key: string, value: unknown, parse: (text: string) => bigint | undefined): bigint {
  const exact = typeof value === "number" ? parse(String(value)) : undefined;
  if (exact === undefined) throw new Error(`${key} ${String(value)} cannot be said exactly`);
  return exact;
}
