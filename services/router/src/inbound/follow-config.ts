// From KV entries to the snapshot: this replica's own deploy comes back this way, and every other replica's too.
// An empty bucket is never a deploy: it was lost with its server, so what is known stays in use and the bucket is repaired.
import { formatModelId } from "@waybill/domain";
import { AliasConfig, FilterConfig, fromWirePrice, ModelConfig, ProviderConfig, RouteConfig } from "@waybill/wire";
import { problemsAsText } from "../core/check-route.ts";
import { routeKey, trialKey } from "../core/config-keys.ts";
import { compileRoute } from "../core/route/compile.ts";
import type { CompiledRoute } from "../core/route/compiled-route.ts";
import type { ModelEntry, Snapshot } from "../core/snapshot.ts";
import type { Changes, Echo } from "../deploy.ts";
import { fingerprintOf } from "../outbound/to-config-entries.ts";

export interface FollowedConfig {
  /** Set; undefined: taken away. */
  onEntry(key: string, value: Uint8Array | undefined): void;
  /** Key -> fingerprint of what the bucket holds as far as it was told. */
  readonly present: ReadonlyMap<string, string>;
  /** Resolves when every key has been told from now on as it is given here; what can be used of it is in the snapshot then. */
  expect(changes: Changes): Echo;
  /** The bucket says what Postgres says: what it has lost and did not get back is gone. */
  settle(): void;
}

export interface FollowOptions {
  snapshot: Snapshot;
  onLost(): void;
  /** A value this program cannot use; the one before stays in use. */
  onProblem(key: string, detail: string): void;
}

export function followConfig({ snapshot, onLost, onProblem }: FollowOptions): FollowedConfig {
  const present = new Map<string, string>();
  /** How to take back what a key had set. */
  const undo = new Map<string, () => void>();
  const vanished = new Set<string>();
  let isLookingSoon = false;
  const expected = new Expectations();

  const applyVanished = (): void => {
    isLookingSoon = false;
    if (present.size === 0) {
      onLost();
      return;
    }
    for (const key of vanished) {
      undo.get(key)?.();
      undo.delete(key);
      expected.told(key, undefined);
    }
    vanished.clear();
  };

  return {
    present,
    expect: (changes) => expected.add(changes),
    settle: applyVanished,
    onEntry(key, value) {
      if (value === undefined) {
        present.delete(key);
        // Told one by one: whether the whole bucket is gone is seen when all have been told.
        if (!isLookingSoon) setImmediate(applyVanished);
        isLookingSoon = true;
        vanished.add(key);
        return;
      }
      vanished.delete(key);
      const fingerprint = readable(() => fingerprintOf(key, value)) ?? UNREADABLE;
      present.set(key, fingerprint);
      try {
        const takeBack = applyEntry({ snapshot, onProblem }, key, value);
        if (takeBack) undo.set(key, takeBack);
      } catch (error) {
        onProblem(key, error instanceof Error ? error.message : String(error));
      }
      expected.told(key, fingerprint);
    },
  };
}

/** The fingerprint of bytes that are no message: nothing that should be there has it, so a repair replaces them. */
const UNREADABLE = "";

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What somebody waits for. */
class Expectations {
  readonly #open = new Set<{ left: Map<string, string | undefined>; resolve: () => void }>();

  add(changes: Changes): Echo {
    const left = new Map(changes);
    let resolve = (): void => {};
    const seen = new Promise<void>((done) => {
      resolve = done;
    });
    const expectation = { left, resolve };
    if (left.size === 0) resolve();
    else this.#open.add(expectation);
    return { seen, forget: () => void this.#open.delete(expectation) };
  }

  told(key: string, fingerprint: string | undefined): void {
    for (const expectation of this.#open) {
      const { left, resolve } = expectation;
      if (!left.has(key) || left.get(key) !== fingerprint) continue;
      left.delete(key);
      if (left.size > 0) continue;
      this.#open.delete(expectation);
      resolve();
    }
  }
}

type Target = Pick<FollowOptions, "snapshot" | "onProblem">;

/** Applies one value and returns how to take it back. */
function applyEntry(target: Target, key: string, value: Uint8Array): (() => void) | undefined {
  const { snapshot } = target;
  if (key.startsWith("model.")) {
    const entry = toModelEntry(ModelConfig.decode(value));
    snapshot.setModel(entry);
    return () => snapshot.dropModel(entry.provider, entry.model);
  }
  if (key.startsWith("alias.")) {
    const { name, target: model } = AliasConfig.decode(value);
    snapshot.setAlias(name, model);
    return () => snapshot.dropAlias(name);
  }
  if (key.startsWith("provider.")) {
    const { id, dialect } = ProviderConfig.decode(value);
    snapshot.setProvider(id, dialect);
    return () => snapshot.dropProvider(id);
  }
  if (key.startsWith("filter.")) {
    const { id } = FilterConfig.decode(value);
    snapshot.setFilter(id);
    return () => snapshot.dropFilter(id);
  }
  if (key.startsWith("route.") || key.startsWith("try.")) return applyRoute(target, key, RouteConfig.decode(value));
  return undefined;
}

function applyRoute({ snapshot, onProblem }: Target, key: string, config: RouteConfig): (() => void) | undefined {
  const { organisationId, name, version } = config;
  if (key === routeKey(organisationId, name)) {
    snapshot.setRoute(compiled(config));
    return () => snapshot.dropRoute(organisationId, name);
  }
  // A key of another form was left by an older installation; the repair takes it away.
  if (key !== trialKey(organisationId, name, version)) return undefined;
  snapshot.setTrial({ organisationId, name, version }, () => {
    try {
      return compiled(config);
    } catch (error) {
      onProblem(key, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  });
  return () => snapshot.dropTrial({ organisationId, name, version });
}

function compiled({ organisationId, name, version, documentJson }: RouteConfig): CompiledRoute {
  const { route, problems } = compileRoute({ organisationId, name, version }, JSON.parse(documentJson));
  if (!route) throw new Error(problemsAsText(problems));
  return route;
}

function toModelEntry(config: ModelConfig): ModelEntry {
  const { provider, model, upstreamModel, contextWindowTokens, maxOutputTokens, simulated } = config;
  const { firstTokenMs, outputTokensPerSecond, version } = config;
  return {
    ...{ id: formatModelId({ provider, model }), provider, model, upstreamModel, simulated, version },
    ...{ contextWindowTokens, maxOutputTokens, firstTokenMs, outputTokensPerSecond },
    capabilities: new Set(config.capabilities),
    price: fromWirePrice(config.price),
    quality: new Map(Object.entries(config.quality)),
    deprecatedAtMs: Number(config.deprecatedAtMs),
  };
}
