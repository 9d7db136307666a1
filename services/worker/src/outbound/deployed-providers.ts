// The providers of this moment, ready to be called, and which of their models this worker serves.
import { formatModelId } from "@waybill/domain";
import type { Log, Secret } from "@waybill/service";
import type { ProviderConfig } from "@waybill/wire";
import { accountsOf } from "../core/accounts-of.ts";
import { type Catalogue, type ServedModels, servedModels } from "../core/served-models.ts";
import type { Upstream } from "../ports.ts";
import { DIALECTS } from "../providers/dialects.ts";
import { makeUpstream } from "./upstream.ts";

export type ReadKey = (variable: string) => Secret | undefined;

export class DeployedProviders {
  readonly #only: readonly string[];
  readonly #readKey: ReadKey;
  readonly #log: Log;
  readonly #warned = new Set<string>();
  #upstreams = new Map<string, readonly Upstream[]>();
  #models: Catalogue["models"] = new Map();

  constructor(only: readonly string[], readKey: ReadKey, log: Log) {
    this.#only = only;
    this.#readKey = readKey;
    this.#log = log;
  }

  /** The accounts of a provider that can be called; none: it is not served here. */
  of(providerId: string): readonly Upstream[] {
    return this.#upstreams.get(providerId) ?? [];
  }

  /** Fields of a client's body that this model refuses. */
  refusedBy(provider: string, model: string): readonly string[] {
    return this.#models.get(formatModelId({ provider, model }))?.refusedParameters ?? [];
  }

  /** Takes a newly deployed catalogue; each reason for not serving something is logged once. */
  deploy(catalogue: Catalogue): ServedModels {
    const reasons: string[] = [];
    this.#upstreams = new Map();
    this.#models = catalogue.models;
    for (const provider of catalogue.providers.values()) {
      const upstreams = this.#upstreamsOf(provider, reasons);
      if (upstreams.length > 0) this.#upstreams.set(provider.id, upstreams);
    }
    const result = servedModels(catalogue, {
      only: this.#only,
      hasDialect: (name) => DIALECTS.has(name),
      hasKey: (variable) => this.#readKey(variable) !== undefined,
    });
    const served = new Set(
      [...result.served].filter((name) => this.#upstreams.has(catalogue.models.get(name)?.provider ?? "")),
    );
    reasons.push(...result.reasons);
    for (const reason of reasons.filter((each) => !this.#warned.has(each))) {
      this.#warned.add(reason);
      this.#log.warn(reason);
    }
    return { served, reasons };
  }

  /** Adds to `reasons` why an account that has its key cannot be called. */
  #upstreamsOf(provider: ProviderConfig, reasons: string[]): Upstream[] {
    const dialect = DIALECTS.get(provider.dialect);
    const upstreams: Upstream[] = [];
    for (const account of dialect ? accountsOf(provider) : []) {
      const key = account.keyVariable === "" ? undefined : this.#readKey(account.keyVariable);
      if (!dialect || (account.keyVariable !== "" && !key)) continue;
      try {
        upstreams.push(makeUpstream(provider, account, dialect, key?.reveal() ?? ""));
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
    }
    return upstreams;
  }
}
