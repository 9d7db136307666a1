// What an importer gives: models as the catalogue can take them, and everything it could not say exactly.
import { createHash } from "node:crypto";
import { PICO_PER_USD, type Price, type PriceRates } from "@waybill/domain";
import { completeRates, type GivenRates } from "../price-entry.ts";

export interface ImportedModel {
  /** Our provider's id. */
  provider: string;
  /** As the provider names it. */
  model: string;
  /** 0: not said. */
  contextWindowTokens: number;
  /** 0: not said. */
  maxOutputTokens: number;
  capabilities: string[];
  /** Undefined: not said, or not sayable exactly. */
  price: Price | undefined;
  /** Unix milliseconds; 0: not announced. */
  deprecatedAtMs: number;
}

export interface ImportedCatalogue {
  models: ImportedModel[];
  /** One line each: what was left out, and why. */
  warnings: string[];
  /** Why nothing could be read at all; undefined: it could. */
  problem: string | undefined;
}

/** Which of the source's models are wanted. */
export interface ImportOptions {
  /** The source's provider id -> ours. Providers that are not named are left out. */
  providers: ReadonlyMap<string, string>;
  /** True: this model of ours is wanted. */
  wants(provider: string, model: string): boolean;
}

/** Of a source file. */
const SOURCE_BYTES_MAX = 32 * 1024 * 1024;
/** Further warnings are counted, not listed. */
const WARNINGS_MAX = 200;

export function nothingImported(problem: string): ImportedCatalogue {
  return { models: [], warnings: [], problem };
}

export class Warnings {
  readonly lines: string[] = [];
  #more = 0;

  add(line: string): void {
    if (this.lines.length < WARNINGS_MAX) this.lines.push(line);
    else this.#more += 1;
  }

  /** All lines, the uncounted ones as one. */
  all(): string[] {
    return this.#more === 0 ? this.lines : [...this.lines, `and ${this.#more} more`];
  }
}

const NUMBER = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/;
const PICO_DECIMALS = PICO_PER_USD.toString().length - 1;

/**
 * A JSON number of USD per `tokens` tokens (1 or a million, as its power of ten) as pico-USD per token, by its shortest decimal
 * text, which is what stands in the file; the number is never computed with. Undefined: negative, or finer than a pico-USD.
 */
export function exactRate(value: unknown, perTokensPowerOfTen: 0 | 6): bigint | undefined {
  const match = typeof value === "number" ? NUMBER.exec(String(value)) : null;
  if (!match) return undefined;
  const [, whole = "0", fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return 0n;
  const power = Number(exponent) - fraction.length + PICO_DECIMALS - perTokensPowerOfTen;
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return digits % divisor === 0n ? digits / divisor : undefined;
}

export interface GivenTier {
  aboveInputTokens: number;
  rates: GivenRates;
}

/** A price whose version names the source and the very figures, so that the same figures always have the same name. */
export function importedPrice(source: string, tiers: readonly GivenTier[]): Price {
  const complete = [...tiers]
    .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
    .map(({ aboveInputTokens, rates }) => ({
      aboveInputTokens: BigInt(aboveInputTokens),
      rates: completeRates(rates) satisfies PriceRates,
    }));
  const figures = complete.map(({ aboveInputTokens, rates }) => [aboveInputTokens, ...Object.values(rates)].join(" "));
  const version = `${source}-${createHash("sha256").update(figures.join("\n")).digest("hex").slice(0, 12)}`;
  return { version, tiers: complete, perRequestPicoUsd: 0n };
}

/** A whole number of tokens; 0 for anything else. */
export function tokensOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** Midnight UTC of an ISO day as Unix milliseconds; 0 for anything else. */
export function dayMs(value: unknown): number {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return 0;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(ms) ? 0 : ms;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a source file; the sentence says what is wrong with it. */
export function parseSource(text: string): { json: unknown } | { problem: string } {
  if (Buffer.byteLength(text) > SOURCE_BYTES_MAX) return { problem: `it is larger than ${SOURCE_BYTES_MAX} bytes` };
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { problem: "it is not JSON" };
  }
}
