// What is deployed, as the decision sees it: models, aliases and routes by name. Kept up to date key by key, so that a deploy
// costs what has changed; a decision is made in one go and never sees half a change of one key.
import { formatModelId, type Price } from "@waybill/domain";
import type { CompiledRoute } from "./route/compile.ts";

export interface ModelEntry {
  /** <provider>/<model> */
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly upstreamModel: string;
  /** 0: unknown. */
  readonly contextWindowTokens: bigint;
  /** 0: unknown. */
  readonly maxOutputTokens: bigint;
  readonly capabilities: ReadonlySet<string>;
  /** Undefined: unknown. */
  readonly price: Price | undefined;
  readonly simulated: boolean;
}

/** Versions of one route that stay usable by name@version after a newer one was deployed here. */
const ROUTE_VERSIONS_MAX = 8;

export class Snapshot {
  readonly #models = new Map<string, ModelEntry>();
  readonly #byBareName = new Map<string, Set<string>>();
  /** Name -> <provider>/<model>. */
  readonly #aliases = new Map<string, string>();
  readonly #routes = new Map<string, { current: CompiledRoute; versions: Map<number, CompiledRoute> }>();

  setModel(entry: ModelEntry): void {
    this.#models.set(entry.id, entry);
    const ids = this.#byBareName.get(entry.model) ?? new Set();
    this.#byBareName.set(entry.model, ids.add(entry.id));
  }

  dropModel(provider: string, model: string): void {
    const id = formatModelId({ provider, model });
    this.#models.delete(id);
    const ids = this.#byBareName.get(model);
    ids?.delete(id);
    if (ids?.size === 0) this.#byBareName.delete(model);
  }

  setAlias(name: string, target: string): void {
    this.#aliases.set(name, target);
  }

  dropAlias(name: string): void {
    this.#aliases.delete(name);
  }

  setRoute(route: CompiledRoute): void {
    const versions = this.#routes.get(route.name)?.versions ?? new Map<number, CompiledRoute>();
    versions.delete(route.version);
    versions.set(route.version, route);
    for (const version of versions.keys()) {
      if (versions.size <= ROUTE_VERSIONS_MAX) break;
      versions.delete(version);
    }
    this.#routes.set(route.name, { current: route, versions });
  }

  dropRoute(name: string): void {
    this.#routes.delete(name);
  }

  model(id: string): ModelEntry | undefined {
    return this.#models.get(id);
  }

  models(): Iterable<ModelEntry> {
    return this.#models.values();
  }

  aliasTarget(name: string): string | undefined {
    return this.#aliases.get(name);
  }

  /** The deployed version, or the one asked for where it is known here. */
  route(name: string, version?: number): CompiledRoute | undefined {
    const known = this.#routes.get(name);
    return version === undefined ? known?.current : known?.versions.get(version);
  }

  /**
   * A model by any of its names: <provider>/<model>, an alias, or the bare name while it is unique. An alias outranks a bare
   * name, because somebody chose it.
   */
  named(name: string): ModelEntry | undefined {
    const exact = this.#models.get(name);
    if (exact) return exact;
    const target = this.#aliases.get(name);
    if (target !== undefined) return this.#models.get(target);
    const ids = this.#byBareName.get(name);
    if (ids?.size !== 1) return undefined;
    for (const id of ids) return this.#models.get(id);
    return undefined;
  }
}
