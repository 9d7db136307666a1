// What is to be deployed: the operator's file, completed from the catalogue, plus the simulator where there is one.
import { createHash } from "node:crypto";
import type { FilterDefinition } from "@waybill/filters";
import { catalogueProviderOf, findBaseModel } from "./base-prices.ts";
import { toFilterDefinition } from "./content-filters.ts";
import { picoUsdOf, picoUsdPerToken } from "./decimal-price.ts";
import { dayMs } from "./import/imported-model.ts";
import {
  findOwnModel,
  isForEmbeddings,
  type QualityByTask,
  SIMULATOR_MODELS,
  SIMULATOR_PROVIDER,
  SUPPOSED_CAPABILITIES,
} from "./own-models.ts";
import { completeRates, type PriceEntry } from "./price-entry.ts";
import { type CompleteAccount, completeAccounts } from "./provider-accounts.ts";
import type { FileModel, FilePrice, FileProvider, WaybillFile } from "./waybill-file.ts";

export interface DeployedProvider {
  id: string;
  dialect: string;
  baseUrl: string;
  /** Empty: no key is sent. */
  keyVariable: string;
  allowPrivateAddress: boolean;
  simulated: boolean;
  /** Absent: the base URL's host says it, or the dialect knows none. */
  region?: string;
  /** Absent: the dialect's usual one. */
  apiVersion?: string;
  /** Fields that the provider refuses; absent: none. */
  refusedParameters?: string[];
  /** The provider refuses `stream_options`; absent: it does not. */
  noStreamUsage?: boolean;
  /** Of OpenAI's endpoints, those there are; absent: all. */
  endpoints?: string[];
  /** Among which its calls are spread. Absent: it is one account of its own fields. */
  accounts?: CompleteAccount[];
}

export interface DeployedModel {
  provider: string;
  model: string;
  upstreamModel: string;
  /** 0: unknown. */
  contextWindowTokens: number;
  /** 0: unknown. */
  maxOutputTokens: number;
  capabilities: readonly string[];
  simulated: boolean;
  /** By task, from 0 to 1; "" is any other task. Empty: nothing is known. */
  quality: QualityByTask;
  /** Usual time to the first token; 0: unknown. */
  firstTokenMs: number;
  /** Usual speed of the answer; 0: unknown. */
  outputTokensPerSecond: number;
  /** Unix milliseconds from which the provider no longer serves it; 0: not announced. */
  deprecatedAtMs: number;
  /** Fields of a client's body that it refuses; absent: none. */
  refusedParameters?: readonly string[];
  /** Empty: the price is unknown. */
  prices: readonly PriceEntry[];
}

export interface DeployedAlias {
  name: string;
  /** <provider>/<model> */
  target: string;
}

export type DeployedFilter = FilterDefinition;

export interface Deployment {
  providers: DeployedProvider[];
  models: DeployedModel[];
  aliases: DeployedAlias[];
  filters: DeployedFilter[];
  /** Models without a price, and why; for the log. */
  unpriced: { model: string; reason: string }[];
}

/** Builds the deployment. `simulatorUrl` is empty where no simulator runs. */
export function makeDeployment(file: WaybillFile, simulatorUrl: string): Deployment {
  const filters = file.contentFilters.map(toFilterDefinition);
  const deployment: Deployment = { providers: [], models: [], aliases: [], filters, unpriced: [] };
  for (const provider of file.providers) {
    deployment.providers.push({
      id: provider.id,
      dialect: provider.dialect,
      baseUrl: provider.baseUrl,
      keyVariable: provider.keyVariable ?? "",
      allowPrivateAddress: provider.allowPrivateAddress ?? false,
      simulated: false,
      // Left out where they are not said, so that what was deployed before they existed is the same as now.
      ...(provider.region !== undefined && { region: provider.region }),
      ...(provider.apiVersion !== undefined && { apiVersion: provider.apiVersion }),
      ...(provider.refusedParameters && { refusedParameters: provider.refusedParameters }),
      ...(provider.streamUsage === false && { noStreamUsage: true }),
      ...(provider.endpoints && { endpoints: provider.endpoints }),
      ...(provider.accounts !== undefined && { accounts: completeAccounts(provider) }),
    });
    for (const model of provider.models) addModel(deployment, provider, model);
  }
  for (const [name, target] of Object.entries(file.aliases)) deployment.aliases.push({ name, target });
  if (simulatorUrl !== "") addSimulator(deployment, simulatorUrl);
  return withoutDeadAliases(deployment);
}

function addModel(deployment: Deployment, provider: FileProvider, model: FileModel): void {
  const catalogue = provider.catalogue ?? catalogueProviderOf(provider.baseUrl);
  const upstreamModel = model.upstreamModel ?? model.name;
  const listed = catalogue === undefined ? undefined : findBaseModel(catalogue, upstreamModel);
  const own = catalogue === undefined || !listed ? undefined : findOwnModel(catalogue, listed.catalogueId);
  const capabilities = model.capabilities ?? own?.capabilities ?? SUPPOSED_CAPABILITIES;
  const isWithoutOutput = isForEmbeddings(capabilities);
  const base = catalogue !== undefined && isWithoutOutput ? findBaseModel(catalogue, upstreamModel, true) : listed;
  const prices = model.price ? [filePriceEntry(model.price)] : (base?.entries ?? []);
  deployment.models.push({
    provider: provider.id,
    model: model.name,
    upstreamModel,
    contextWindowTokens: model.contextWindowTokens ?? own?.contextWindowTokens ?? base?.contextWindowTokens ?? 0,
    maxOutputTokens: model.maxOutputTokens ?? own?.maxOutputTokens ?? 0,
    capabilities,
    simulated: false,
    quality: model.quality ?? own?.quality ?? {},
    firstTokenMs: model.firstTokenMs ?? 0,
    outputTokensPerSecond: model.outputTokensPerSecond ?? 0,
    deprecatedAtMs: model.deprecatedOn === undefined ? 0 : dayMs(model.deprecatedOn),
    ...(model.refusedParameters && { refusedParameters: model.refusedParameters }),
    prices,
  });
  if (prices.length === 0) {
    const reason = base?.priceProblem ?? "neither waybill.yaml nor the price catalogue has a price";
    deployment.unpriced.push({ model: `${provider.id}/${model.name}`, reason });
  }
}

/** The version names the file and the very figures, so that the same text always means the same price. */
function filePriceEntry(given: FilePrice): PriceEntry {
  const rate = (text: string | undefined): bigint | undefined =>
    text === undefined ? undefined : picoUsdPerToken(text);
  const rates = completeRates({
    input: rate(given.input) ?? unreachable("input"),
    cachedInput: rate(given.cachedInput),
    cacheWrite5m: rate(given.cacheWrite5m),
    cacheWrite1h: rate(given.cacheWrite1h),
    // Only a model without output may leave it out.
    output: rate(given.output) ?? 0n,
    reasoningOutput: rate(given.reasoningOutput),
  });
  const perRequestPicoUsd =
    given.perRequest === undefined ? 0n : (picoUsdOf(given.perRequest) ?? unreachable("perRequest"));
  const figures = [...Object.values(rates), perRequestPicoUsd].join(" ");
  const version = `waybill.yaml-${createHash("sha256").update(figures).digest("hex").slice(0, 8)}`;
  return { effectiveFromMs: 0, price: { version, tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd } };
}

function unreachable(field: string): never {
  throw new Error(`price.${field} was not validated`);
}

function addSimulator(deployment: Deployment, baseUrl: string): void {
  deployment.providers.push({
    id: SIMULATOR_PROVIDER,
    dialect: "openai-compatible",
    baseUrl,
    keyVariable: "",
    allowPrivateAddress: true,
    simulated: true,
    // It answers nothing else: legacy completions are asked of it as a chat.
    endpoints: ["chat"],
  });
  for (const { name, ...rest } of SIMULATOR_MODELS) {
    const names = { provider: SIMULATOR_PROVIDER, model: name, upstreamModel: name };
    deployment.models.push({ ...names, ...rest, simulated: true, deprecatedAtMs: 0 });
  }
  for (const [name, target] of [
    ["better", "sim/premium"],
    ["cheaper", "sim/economy"],
  ] as const) {
    if (!deployment.aliases.some((alias) => alias.name === name)) deployment.aliases.push({ name, target });
  }
}

/** An alias for the simulator is possible in the file, and dead where no simulator runs. */
function withoutDeadAliases(deployment: Deployment): Deployment {
  const known = new Set(deployment.models.map(({ provider, model }) => `${provider}/${model}`));
  return { ...deployment, aliases: deployment.aliases.filter(({ target }) => known.has(target)) };
}
