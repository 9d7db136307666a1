// Follows the deployed providers and models in KV, so that a deploy reaches this worker without a restart.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import type { Log } from "@waybill/service";
import { BUCKETS, ModelConfig, ProviderConfig } from "@waybill/wire";
import { type Catalogue, nameOf } from "../core/served-models.ts";

/** Changes that come together are one change. */
const GATHER_MS = 20;

/** Calls `onChange` once everything that is deployed is known, and after every change. */
export function watchCatalogue(
  nc: NatsConnection,
  log: Log,
  onChange: (catalogue: Catalogue) => void,
): { stop(): void } {
  const providers = new Map<string, ProviderConfig>();
  const models = new Map<string, ModelConfig>();
  let isCurrent = false;
  let gathering: NodeJS.Timeout | undefined;
  const tell = (): void => {
    gathering = undefined;
    onChange({
      providers: new Map([...providers.values()].map((provider) => [provider.id, provider])),
      models: new Map([...models.values()].map((model) => [nameOf(model), model])),
    });
  };
  const changed = (): void => {
    if (isCurrent) gathering ??= setTimeout(tell, GATHER_MS);
  };
  const watch = watchBucket(nc, BUCKETS.config.name, {
    onEntry(key, value) {
      try {
        if (key.startsWith("provider.")) set(providers, key, value && ProviderConfig.decode(value));
        else if (key.startsWith("model.")) set(models, key, value && ModelConfig.decode(value));
        else return;
      } catch (error) {
        log.error({ err: error, key }, "a deployed configuration cannot be read and is left as it was");
      }
      changed();
    },
    onCurrent() {
      isCurrent = true;
      changed();
    },
    onBroken: (detail) => log.debug({ detail }, "the watch of the catalogue broke and is renewed"),
  });
  return {
    stop() {
      clearTimeout(gathering);
      watch.stop();
    },
  };
}

function set<T>(entries: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) entries.delete(key);
  else entries.set(key, value);
}
