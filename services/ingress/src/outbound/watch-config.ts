// What the router has deployed, as far as the ingress shows it: names for GET /v1/models, from KV waybill_config.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import { formatModelId } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import { AliasConfig, BUCKETS, ModelConfig, RouteConfig } from "@waybill/wire";

export interface PublicModel {
  id: string;
  ownedBy: string;
}

export interface DeployedModels {
  /** Models, aliases and routes, sorted by name. */
  list(): PublicModel[];
}

export function watchDeployedModels(nc: NatsConnection, { health, onStop }: ServiceScope): DeployedModels {
  const ready = health.condition("deployed models", "the router has deployed nothing yet");
  const models = new Map<string, PublicModel>();
  const watch = watchBucket(nc, BUCKETS.config.name, {
    onEntry(key, value) {
      const model = value && publicModel(key, value);
      if (model) models.set(key, model);
      else models.delete(key);
    },
    onCurrent: () => ready.set(true),
    onBroken: (detail) => ready.set(false, `the router has deployed nothing yet, or NATS is away (${detail})`),
  });
  onStop("deployed models", () => watch.stop());
  return { list: () => [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function publicModel(key: string, value: Uint8Array): PublicModel | undefined {
  if (key.startsWith("model.")) {
    const model = ModelConfig.decode(value);
    return { id: formatModelId(model), ownedBy: model.provider };
  }
  if (key.startsWith("alias.")) return { id: AliasConfig.decode(value).name, ownedBy: "waybill" };
  if (key.startsWith("route.")) return { id: `dynamic/${RouteConfig.decode(value).name}`, ownedBy: "waybill" };
  return undefined;
}
