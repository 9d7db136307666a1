// From KV entries to the snapshot: this replica's own deploy comes back this way, and every other replica's too.
// An empty bucket is never a deploy: it was lost with its server, so what is known stays in use and the bucket is repaired.
import { formatModelId } from "@waybill/domain";
import { AliasConfig, fromWirePrice, ModelConfig, RouteConfig } from "@waybill/wire";
import { compileRoute } from "../core/route/compile.ts";
import type { ModelEntry, Snapshot } from "../core/snapshot.ts";

export interface FollowedConfig {
  /** Set; undefined: taken away. */
  onEntry(key: string, value: Uint8Array | undefined): void;
  /** What the bucket holds as far as it was told. */
  readonly present: ReadonlyMap<string, Uint8Array>;
}

export interface FollowOptions {
  snapshot: Snapshot;
  onLost(): void;
  /** A value this program cannot use; the one before stays in use. */
  onProblem(key: string, detail: string): void;
}

export function followConfig({ snapshot, onLost, onProblem }: FollowOptions): FollowedConfig {
  const present = new Map<string, Uint8Array>();
  /** How to take back what a key had set. */
  const undo = new Map<string, () => void>();
  const vanished = new Set<string>();

  const applyVanished = (): void => {
    if (present.size === 0) {
      onLost();
      return;
    }
    for (const key of vanished) {
      undo.get(key)?.();
      undo.delete(key);
    }
    vanished.clear();
  };

  return {
    present,
    onEntry(key, value) {
      if (value === undefined) {
        present.delete(key);
        // Told one by one: whether the whole bucket is gone is seen when all have been told.
        if (vanished.size === 0) setImmediate(applyVanished);
        vanished.add(key);
        return;
      }
      present.set(key, value);
      vanished.delete(key);
      try {
        const takeBack = applyEntry(snapshot, key, value);
        if (takeBack) undo.set(key, takeBack);
      } catch (error) {
        onProblem(key, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** Applies one value and returns how to take it back. Providers are the worker's business. */
function applyEntry(snapshot: Snapshot, key: string, value: Uint8Array): (() => void) | undefined {
  if (key.startsWith("model.")) {
    const entry = toModelEntry(ModelConfig.decode(value));
    snapshot.setModel(entry);
    return () => snapshot.dropModel(entry.provider, entry.model);
  }
  if (key.startsWith("alias.")) {
    const { name, target } = AliasConfig.decode(value);
    snapshot.setAlias(name, target);
    return () => snapshot.dropAlias(name);
  }
  if (key.startsWith("route.")) {
    const { name, version, documentJson } = RouteConfig.decode(value);
    const { route, problems } = compileRoute(name, version, JSON.parse(documentJson));
    if (!route) {
      throw new Error(problems.map(({ node, field, problem }) => `${node}.${field} ${problem}`).join("; "));
    }
    snapshot.setRoute(route);
    return () => snapshot.dropRoute(name);
  }
  return undefined;
}

function toModelEntry(config: ModelConfig): ModelEntry {
  const { provider, model, upstreamModel, contextWindowTokens, maxOutputTokens, simulated } = config;
  return {
    id: formatModelId({ provider, model }),
    provider,
    model,
    upstreamModel,
    contextWindowTokens,
    maxOutputTokens,
    capabilities: new Set(config.capabilities),
    price: fromWirePrice(config.price),
    simulated,
  };
}
