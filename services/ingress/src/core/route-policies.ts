// What routes ask of the ingress itself, and which thing a model's name means now, from the values of KV waybill_config.
import { AliasConfig, RouteConfig } from "@waybill/wire";

export interface NamedPolicy {
  /** Tells apart what a name means today from what it meant before: a route's version, an alias's target. */
  meaning: string;
  /** Of the route; 0: none was named, or it is not known here. */
  version: number;
  /** Absent: the route does not keep answers, or no route was named. */
  cache: { ttlSeconds: number; scope: string } | undefined;
  /** Ids of content filters, besides those that apply to every request. */
  filters: readonly string[];
  /** What of the sender decides which way a request goes, as RoutePolicy says it. */
  senderFacts: readonly string[];
}

const ROUTE_PREFIX = "dynamic/";
const NO_ROUTE = { version: 0, cache: undefined, filters: [], senderFacts: [] };

export class RoutePolicies {
  /** By <organisation>/<name> for what is in service and <organisation>/<name>@<version> for what is on trial. */
  readonly #routes = new Map<string, RouteConfig>();
  readonly #aliases = new Map<string, string>();
  /** What stands under each key of the bucket, so that it can be taken away. */
  readonly #placed = new Map<string, () => void>();

  /** Takes what stands under `key` now; undefined: nothing. */
  put(key: string, value: Uint8Array | undefined): void {
    this.#placed.get(key)?.();
    this.#placed.delete(key);
    if (!value) return;
    if (key.startsWith("alias.")) {
      const { name, target } = AliasConfig.decode(value);
      this.#place(key, this.#aliases, name, target);
    } else if (key.startsWith("route.") || key.startsWith("try.")) {
      // The document is the router's to read, and may be large.
      const { documentJson: _, ...route } = RouteConfig.decode(value);
      const { organisationId, name, version, deployed } = route;
      const at = `${organisationId}/${name}${deployed ? "" : `@${version}`}`;
      this.#place(key, this.#routes, at, { ...route, documentJson: "" });
    }
  }

  /** Of the name that a client of this organisation wrote as `model`. */
  of(organisationId: string, requested: string): NamedPolicy {
    if (!requested.startsWith(ROUTE_PREFIX)) {
      return { ...NO_ROUTE, meaning: this.#aliases.get(requested) ?? requested };
    }
    const route = this.#route(organisationId, requested.slice(ROUTE_PREFIX.length));
    if (!route) return { ...NO_ROUTE, meaning: requested };
    const { policy, name, version, organisationId: owner } = route;
    const ttlSeconds = policy?.cacheTtlSeconds ?? 0;
    return {
      meaning: `${ROUTE_PREFIX}${owner}/${name}@${version}`,
      version,
      cache: ttlSeconds === 0 ? undefined : { ttlSeconds, scope: policy?.cacheScope ?? "" },
      filters: policy?.filters ?? [],
      senderFacts: policy?.senderFacts ?? [],
    };
  }

  /** As the router finds it: the organisation's own of that name, else everyone's. */
  #route(organisationId: string, written: string): RouteConfig | undefined {
    const at = written.lastIndexOf("@");
    const name = at > 0 ? written.slice(0, at) : written;
    const version = at > 0 ? Number(written.slice(at + 1)) : undefined;
    const own = this.#routes.get(`${organisationId}/${name}`);
    if (version === undefined || own?.version === version) return own ?? this.#routes.get(`/${name}`);
    const trial = this.#routes.get(`${organisationId}/${name}@${version}`);
    if (trial || own || organisationId === "") return trial;
    const everyones = this.#routes.get(`/${name}`);
    return everyones?.version === version ? everyones : this.#routes.get(`/${name}@${version}`);
  }

  #place<V>(key: string, map: Map<string, V>, at: string, value: V): void {
    map.set(at, value);
    this.#placed.set(key, () => {
      if (map.get(at) === value) map.delete(at);
    });
  }
}
