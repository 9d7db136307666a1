// Which models of the deployed catalogue this worker serves, and why not the others.
import { formatModelId } from "@waybill/domain";
import type { ModelConfig, ProviderConfig } from "@waybill/wire";
import { accountsOf, nameOfAccount } from "./accounts-of.ts";

/** The deployed configuration as far as a worker reads it. */
export interface Catalogue {
  providers: ReadonlyMap<string, ProviderConfig>;
  /** By `<provider>/<model>`. */
  models: ReadonlyMap<string, ModelConfig>;
}

export interface WorkerMeans {
  /** `<provider>/<model>` names; empty: all. */
  only: readonly string[];
  hasDialect(name: string): boolean;
  hasKey(variable: string): boolean;
}

export interface ServedModels {
  /** `<provider>/<model>` of every model that is served. */
  served: ReadonlySet<string>;
  /** One sentence per provider or model that is not, for the log. */
  reasons: readonly string[];
}

export function servedModels({ providers, models }: Catalogue, means: WorkerMeans): ServedModels {
  const served = new Set<string>();
  const reasons = new Set<string>();
  for (const [name, model] of models) {
    if (means.only.length > 0 && !means.only.includes(name)) continue;
    const provider = providers.get(model.provider);
    if (!provider) reasons.add(`${name} is not served: its provider ${model.provider} is not deployed`);
    else if (!means.hasDialect(provider.dialect)) {
      reasons.add(`${provider.id} is not served: there is no dialect ${provider.dialect}`);
    } else if (addUsable(provider, means, reasons)) served.add(name);
  }
  for (const name of means.only) {
    if (!models.has(name)) reasons.add(`${name} is not served: the catalogue does not have it`);
  }
  return { served, reasons: [...reasons] };
}

/** True when one account at least has its key; who has not is named. */
function addUsable(provider: ProviderConfig, means: WorkerMeans, reasons: Set<string>): boolean {
  const accounts = accountsOf(provider);
  const keyless = accounts.filter(({ keyVariable }) => keyVariable !== "" && !means.hasKey(keyVariable));
  const isUsable = keyless.length < accounts.length;
  for (const account of keyless) {
    const isNot = provider.accounts.length > 0 ? "is not used" : "is not served";
    const name = nameOfAccount(provider, account);
    reasons.add(`${name} ${isNot}: the environment variable ${account.keyVariable} is not set`);
  }
  if (!isUsable && provider.accounts.length > 0) {
    reasons.add(`${provider.id} is not served: none of its accounts can be used`);
  }
  return isUsable;
}

/** The name under which a model config is known. */
export function nameOf(model: ModelConfig): string {
  return formatModelId({ provider: model.provider, model: model.model });
}
