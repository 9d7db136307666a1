// What the router has deployed, as far as the ingress shows it or acts on it, from KV waybill_config.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { BUCKETS } from "@waybill/wire";
import { ContentFilters } from "../core/content-filters.ts";
import { PublicModels } from "../core/public-models.ts";
import { RoutePolicies } from "../core/route-policies.ts";
import type { SelectFilters } from "../ports.ts";

export interface Deployed {
  models: PublicModels;
  policies: RoutePolicies;
  selectFilters: SelectFilters;
}

export function watchDeployed(nc: NatsConnection, { health, onStop }: ServiceScope): Deployed {
  const ready = health.condition("deployed models", "the router has deployed nothing yet");
  const models = new PublicModels();
  const policies = new RoutePolicies();
  const filters = new ContentFilters();
  const watch = watchBucket(nc, BUCKETS.config.name, {
    onEntry: (key, value) => {
      for (const part of [models, policies, filters]) part.put(key, value);
    },
    onCurrent: () => ready.set(true),
    onBroken: (detail) => ready.set(false, `the router has deployed nothing yet, or NATS is away (${detail})`),
  });
  onStop("deployed models", () => watch.stop());
  return {
    models,
    policies,
    selectFilters: (where, organisationId, model) => filters.select(where, policies.of(organisationId, model).filters),
  };
}
