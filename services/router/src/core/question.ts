// What is to be decided: a request as the router sees it, once it was read.
import { AFFINITIES, type Affinity, AUTO_MODES, type AutoMode } from "@waybill/routes";
import type { Attribution, DecideRequest, Features, RoutingConfig } from "@waybill/wire";

export interface Question {
  readonly features: Features;
  readonly attribution: Attribution;
  readonly allowedModels: readonly string[];
  /** What the client asks of `auto` nodes. */
  readonly mode: AutoMode | undefined;
  readonly models: readonly string[];
  readonly affinity: Affinity | undefined;
  readonly sessionId: string;
  readonly sessionSource: string;
  /** Who gave the answer that is kept for this request, as <provider>/<model>; empty: none is. */
  readonly keptModel: string;
}

/** Undefined: features or attribution are missing, which no ingress of ours does. */
export function readQuestion({ features, attribution, allowedModels }: DecideRequest): Question | undefined {
  if (!features || !attribution) return undefined;
  const routing: Partial<RoutingConfig> = features.routing ?? {};
  return {
    features,
    attribution,
    allowedModels,
    mode: AUTO_MODES.find((mode) => mode === routing.mode),
    models: routing.models ?? [],
    affinity: AFFINITIES.find((affinity) => affinity === routing.affinity),
    sessionId: routing.sessionId ?? "",
    sessionSource: routing.sessionSource ?? "",
    keptModel: features.keptModel,
  };
}
