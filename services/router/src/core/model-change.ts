// A model as somebody wants it, compared with the one that is there: what changes, and every reason why it cannot. What is not
// said (zero or empty) stays as it is, so that an import never takes away what its source does not know.
import {
  CAPABILITIES,
  type DeployedModel,
  isForEmbeddings,
  type PriceEntry,
  SUPPOSED_CAPABILITIES,
} from "@waybill/catalog";
import type { Price } from "@waybill/domain";
import { type CatalogueModel, fromWirePrice } from "@waybill/wire";

/** A model as it is kept: its price entries stand in rows of their own and are named here, in their order. */
export type StoredModel = Omit<DeployedModel, "prices"> & { prices: readonly string[] };

export interface ModelPlan {
  document: StoredModel;
  /** Every entry the model has then. */
  prices: readonly PriceEntry[];
  change: "added" | "changed" | "price" | "same";
  /** Names of the fields that change. */
  fields: string[];
}

/** What is known where the model is to stand. */
export interface ModelPlace {
  provider: { simulated: boolean } | undefined;
  /** What is there now. */
  present: StoredModel | undefined;
  /** Every price entry a model of this name ever had. */
  everyPrice: readonly PriceEntry[];
}

type Report = (field: string, problem: string) => void;

const NAME_CHARACTERS_MAX = 128;
const TOKENS_MAX = 100_000_000;
const QUALITIES_MAX = 64;
const PRICES_MAX = 100;
const TIERS_MAX = 16;
const FIRST_TOKEN_MS_MAX = 3_600_000;
const SPEED_MAX = 1_000_000;
/** Year 9999. */
const MS_MAX = 253_402_300_799_999;

/** Plans one model and reports its problems; with problems the plan is of no use. */
export function planModel(said: CatalogueModel, place: ModelPlace, report: Report): ModelPlan {
  const { provider, present, everyPrice } = place;
  checkNames(said, place, report);
  checkFigures(said, report);
  const prices = said.prices.length === 0 ? pricesOf(present?.prices ?? [], everyPrice) : readPrices(said, report);
  checkPriceNames(prices, everyPrice, report);
  const document: StoredModel = {
    provider: said.provider,
    model: said.model,
    upstreamModel: present?.upstreamModel ?? (said.upstreamModel || said.model),
    contextWindowTokens: Number(said.contextWindowTokens) || (present?.contextWindowTokens ?? 0),
    maxOutputTokens: Number(said.maxOutputTokens) || (present?.maxOutputTokens ?? 0),
    // Where nothing is known the provider itself is the judge.
    capabilities:
      said.capabilities.length > 0 ? sorted(said.capabilities) : (present?.capabilities ?? SUPPOSED_CAPABILITIES),
    simulated: provider?.simulated ?? false,
    quality: Object.keys(said.quality).length > 0 ? said.quality : (present?.quality ?? {}),
    firstTokenMs: said.firstTokenMs || (present?.firstTokenMs ?? 0),
    outputTokensPerSecond: said.outputTokensPerSecond || (present?.outputTokensPerSecond ?? 0),
    deprecatedAtMs: Number(said.deprecatedAtMs) || (present?.deprecatedAtMs ?? 0),
    prices: prices.map(({ price }) => price.version),
  };
  return { document, prices, ...compare(document, present) };
}

/** The entries that are named, in the order in which they are named. */
export function pricesOf(named: readonly string[], everyPrice: readonly PriceEntry[]): PriceEntry[] {
  return named.flatMap((version) => everyPrice.filter(({ price }) => price.version === version));
}

function checkNames(said: CatalogueModel, { provider, present }: ModelPlace, report: Report): void {
  if (!provider) report("provider", "does not exist");
  for (const [field, name] of [
    ["model", said.model],
    ["upstream_model", said.upstreamModel],
  ] as const) {
    if (field === "model" && name === "") report(field, "must not be empty");
    if (name.length > NAME_CHARACTERS_MAX) report(field, `must be at most ${NAME_CHARACTERS_MAX} characters`);
    if (/\p{Cc}/u.test(name)) report(field, "must not hold control characters");
  }
  if (present && said.upstreamModel !== "" && said.upstreamModel !== present.upstreamModel) {
    report("upstream_model", `is ${present.upstreamModel} and cannot be changed here`);
  }
}

function checkFigures(said: CatalogueModel, report: Report): void {
  const range = (field: string, value: number, max: number): void => {
    if (!(value >= 0 && value <= max)) report(field, `must be from 0 to ${max}`);
  };
  range("context_window_tokens", Number(said.contextWindowTokens), TOKENS_MAX);
  range("max_output_tokens", Number(said.maxOutputTokens), TOKENS_MAX);
  range("first_token_ms", said.firstTokenMs, FIRST_TOKEN_MS_MAX);
  range("output_tokens_per_second", said.outputTokensPerSecond, SPEED_MAX);
  range("deprecated_at_ms", Number(said.deprecatedAtMs), MS_MAX);
  const known: readonly string[] = CAPABILITIES;
  for (const name of said.capabilities) {
    if (!known.includes(name)) report("capabilities", `may be ${known.join(", ")}`);
  }
  if (isForEmbeddings(said.capabilities) && said.capabilities.some((name) => name !== "embeddings")) {
    report("capabilities", "must be embeddings alone: such a model serves nothing else");
  }
  const tasks = Object.entries(said.quality);
  if (tasks.length > QUALITIES_MAX) report("quality", `holds more than ${QUALITIES_MAX} tasks`);
  for (const [task, value] of tasks.slice(0, QUALITIES_MAX)) {
    if (task.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(task)) report("quality", "holds a task that is no name");
    range(`quality[${task.slice(0, NAME_CHARACTERS_MAX)}]`, value, 1);
  }
}

function readPrices({ prices }: CatalogueModel, report: Report): PriceEntry[] {
  if (prices.length > PRICES_MAX) report("prices", `are more than ${PRICES_MAX}`);
  const names = new Set<string>();
  const entries = prices.slice(0, PRICES_MAX).flatMap(({ effectiveFromMs, price: wire }, index) => {
    const field = `prices[${index}]`;
    const price = fromWirePrice(wire);
    if (!price) report(field, "must have a price with rates");
    else checkPrice(price, field, report);
    if (price && names.has(price.version)) report(`${field}.version`, "stands here twice");
    if (price) names.add(price.version);
    const fromMs = Number(effectiveFromMs);
    if (fromMs < 0 || fromMs > MS_MAX) report(`${field}.effective_from_ms`, `must be from 0 to ${MS_MAX}`);
    return price ? [{ effectiveFromMs: fromMs, price }] : [];
  });
  return entries.sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
}

function checkPrice({ version, tiers, perRequestPicoUsd }: Price, field: string, report: Report): void {
  if (version === "" || version.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(version)) {
    report(`${field}.version`, `must be 1 to ${NAME_CHARACTERS_MAX} characters`);
  }
  if (perRequestPicoUsd < 0n) report(`${field}.per_request_pico_usd`, "must not be negative");
  if (tiers.length > TIERS_MAX) report(`${field}.tiers`, `are more than ${TIERS_MAX}`);
  tiers.forEach(({ aboveInputTokens, rates }, index) => {
    const before = tiers[index - 1];
    const isInOrder = before ? aboveInputTokens > before.aboveInputTokens : aboveInputTokens === 0n;
    if (!isInOrder) report(`${field}.tiers[${index}].above_input_tokens`, "must begin with 0 and rise");
    for (const [name, rate] of Object.entries(rates)) {
      if (rate < 0n) report(`${field}.tiers[${index}].rates.${name}`, "must not be negative");
    }
  });
}

/** A version names its figures for ever, because past attempts were booked by it. */
function checkPriceNames(prices: readonly PriceEntry[], everyPrice: readonly PriceEntry[], report: Report): void {
  for (const entry of prices) {
    const { version } = entry.price;
    const known = everyPrice.find(({ price }) => price.version === version);
    if (known && textOf(known) !== textOf(entry)) {
      report("prices", `version ${version} already names another price of this model`);
    }
  }
}

function compare(document: StoredModel, present: StoredModel | undefined): Pick<ModelPlan, "change" | "fields"> {
  if (!present) return { change: "added", fields: [] };
  const fields = FIELDS.filter(([, field]) => textOf(document[field]) !== textOf(present[field] ?? EMPTY[field]));
  const names = fields.map(([name]) => name);
  const isPriceAlone = names.length === 1 && names[0] === "prices";
  return { change: names.length === 0 ? "same" : isPriceAlone ? "price" : "changed", fields: names };
}

const FIELDS = [
  ["context_window_tokens", "contextWindowTokens"],
  ["max_output_tokens", "maxOutputTokens"],
  ["capabilities", "capabilities"],
  ["quality", "quality"],
  ["first_token_ms", "firstTokenMs"],
  ["output_tokens_per_second", "outputTokensPerSecond"],
  ["deprecated_at_ms", "deprecatedAtMs"],
  ["prices", "prices"],
] as const;

/** Versions from before these fields existed do not have them. */
const EMPTY: Readonly<Record<string, unknown>> = {
  quality: {},
  firstTokenMs: 0,
  outputTokensPerSecond: 0,
  deprecatedAtMs: 0,
};

function sorted(capabilities: readonly string[]): string[] {
  return CAPABILITIES.filter((name) => capabilities.includes(name));
}

/** The same text for the same value, whatever the order of its fields. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
