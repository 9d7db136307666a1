// The providers of this moment, ready to be called, and which of their models this worker serves.
import type { Log, Secret } from "@waybill/service";
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
  #upstreams = new Map<string, Upstream>();

  constructor(only: readonly string[], readKey: ReadKey, log: Log) {
    this.#only = only;
    this.#readKey = readKey;
    this.#log = log;
  }

  of(providerId: string): Upstream | undefined {
    return this.#upstreams.get(providerId);
  }

  /** Takes a newly deployed catalogue; each reason for not serving something is logged once. */
  deploy(catalogue: Catalogue): ServedModels {
    const reasons: string[] = [];
    this.#upstreams = new Map();
    for (const provider of catalogue.providers.values()) {
      const dialect = DIALECTS.get(provider.dialect);
      const key = provider.keyVariable === "" ? undefined : this.#readKey(provider.keyVariable);
      if (!dialect || (provider.keyVariable !== "" && !key)) continue;
      try {
        this.#upstreams.set(provider.id, makeUpstream(provider, dialect, key?.reveal() ?? ""));
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
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
}
