// What is deployed, as the decision sees it: models, aliases and routes by name. Kept up to date key by key, so that a deploy
// costs what has changed; a decision is made in one go and never sees half a change of one key.
import { formatModelId, type Price } from "@waybill/domain";
import { tokenizerOf } from "./count-input.ts";
import type { CompiledRoute } from "./route/compiled-route.ts";

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
  /** By task, from 0 to 1; "" is any other task. Empty: nothing is known. */
  readonly quality: ReadonlyMap<string, number>;
  /** Usual time to the first token; 0: unknown. */
  readonly firstTokenMs: number;
  /** Usual speed of the answer; 0: unknown. */
  readonly outputTokensPerSecond: number;
  /** Unix milliseconds from which its provider no longer serves it; 0: not announced. */
  readonly deprecatedAtMs: number;
  /** Of the catalogue entry; 0: unknown. */
  readonly version: number;
}

/** Names a version; what it compiles to is only made when somebody tries it. */
type TrialIdentity = Pick<CompiledRoute, "organisationId" | "name" | "version">;

/** What a draft of a route is made and run with; plain values, which travel to another process. */
export interface SnapshotContent {
  models: ModelEntry[];
  aliases: [name: string, target: string][];
  filters: string[];
  dialects: [provider: string, dialect: string][];
}

interface RouteShelf {
  current: CompiledRoute | undefined;
  trials: Map<number, () => CompiledRoute | undefined>;
}

function routeKey(organisationId: string, name: string): string {
  return `${organisationId}/${name}`;
}

export class Snapshot {
  readonly #models = new Map<string, ModelEntry>();
  readonly #byBareName = new Map<string, Set<string>>();
  /** Name -> <provider>/<model>. */
  readonly #aliases = new Map<string, string>();
  readonly #routes = new Map<string, RouteShelf>();
  readonly #filters = new Set<string>();
  /** By provider. */
  readonly #dialects = new Map<string, string>();

  /** Without routes. */
  static of({ models, aliases, filters, dialects }: SnapshotContent): Snapshot {
    const snapshot = new Snapshot();
    for (const model of models) snapshot.setModel(model);
    for (const [name, target] of aliases) snapshot.setAlias(name, target);
    for (const id of filters) snapshot.setFilter(id);
    for (const [provider, dialect] of dialects) snapshot.setProvider(provider, dialect);
    return snapshot;
  }

  /** Without routes. */
  content(): SnapshotContent {
    const [models, aliases] = [[...this.#models.values()], [...this.#aliases]];
    return { models, aliases, filters: [...this.#filters], dialects: [...this.#dialects] };
  }

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

  setProvider(id: string, dialect: string): void {
    this.#dialects.set(id, dialect);
  }

  dropProvider(id: string): void {
    this.#dialects.delete(id);
  }

  /** How a model's text is counted; empty: nobody knows. */
  tokenizerOf({ provider, upstreamModel, model }: Pick<ModelEntry, "provider" | "upstreamModel" | "model">): string {
    return tokenizerOf(this.#dialects.get(provider) ?? "", upstreamModel || model);
  }

  setFilter(id: string): void {
    this.#filters.add(id);
  }

  dropFilter(id: string): void {
    this.#filters.delete(id);
  }

  /** Whether the name means one model. */
  hasModel(name: string): boolean {
    return this.named(name) !== undefined;
  }

  /** A content filter by its id; what it does is the ingress's business. */
  hasFilter(id: string): boolean {
    return this.#filters.has(id);
  }

  /** Puts a version in service. */
  setRoute(route: CompiledRoute): void {
    this.#shelf(route).current = route;
  }

  /** Makes a version usable as <name>@<version> without putting it in service. `compile` is called once, at its first use. */
  setTrial(trial: TrialIdentity, compile: () => CompiledRoute | undefined): void {
    let made: { route: CompiledRoute | undefined } | undefined;
    this.#shelf(trial).trials.set(trial.version, () => {
      made ??= { route: compile() };
      return made.route;
    });
  }

  /** Takes a route out of service; what is on trial stays. */
  dropRoute(organisationId: string, name: string): void {
    const shelf = this.#routes.get(routeKey(organisationId, name));
    if (!shelf) return;
    shelf.current = undefined;
    this.#clear(organisationId, name, shelf);
  }

  dropTrial({ organisationId, name, version }: TrialIdentity): void {
    const shelf = this.#routes.get(routeKey(organisationId, name));
    if (!shelf) return;
    shelf.trials.delete(version);
    this.#clear(organisationId, name, shelf);
  }

  #shelf({ organisationId, name }: TrialIdentity): RouteShelf {
    const key = routeKey(organisationId, name);
    let shelf = this.#routes.get(key);
    if (!shelf) {
      shelf = { current: undefined, trials: new Map() };
      this.#routes.set(key, shelf);
    }
    return shelf;
  }

  #clear(organisationId: string, name: string, { current, trials }: RouteShelf): void {
    if (!current && trials.size === 0) this.#routes.delete(routeKey(organisationId, name));
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

  /**
   * The version in service, or the one asked for where it is known here: the organisation's own route of that name, else
   * everyone's.
   */
  route(organisationId: string, name: string, version?: number): CompiledRoute | undefined {
    const own = this.#routes.get(routeKey(organisationId, name));
    const isCurrent = version === undefined || own?.current?.version === version;
    const found = isCurrent ? own?.current : own?.trials.get(version)?.();
    if (found || organisationId === "") return found;
    // An organisation that has a route of that name never falls through to everyone's by its version's number.
    return own?.current ? undefined : this.route("", name, version);
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
