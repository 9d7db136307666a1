// What RoutingAdminService is made of: the stories of changes, and questions about what would be decided.
import { WaybillError } from "@waybill/domain";
import { makeChangeCatalogue } from "../change-catalogue.ts";
import { ChangeRoutes, ROUTES_MAX } from "../change-routes.ts";
import type { LiveModels } from "../core/live-models.ts";
import { compileRoute } from "../core/route/compile.ts";
import type { CompiledRoute } from "../core/route/compiled-route.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { AdminOptions } from "../inbound/admin.ts";
import { makeBacktest } from "../inbound/serve-backtest.ts";
import { makeWhatIf, type WhatIfOptions } from "../what-if.ts";
import type { Deployed } from "./deploy-and-follow.ts";
import { readDocument } from "./route-store.ts";
import { startBacktest } from "./start-backtest.ts";

export interface OpenAdminOptions {
  deployed: Pick<Deployed, "pool" | "publisher" | "isConfigured">;
  snapshot: Snapshot;
  /** Of this router's decisions. */
  state: WhatIfOptions["state"] & { live: Pick<LiveModels, "isLive"> };
  /** Where recorded requests come from, and what is shown there. */
  ledger: { urls: readonly string[]; token: string };
  /** Fewer in tests. */
  routesMax?: number;
}

export function openAdmin(options: OpenAdminOptions): Omit<AdminOptions, "onError"> {
  const { deployed, snapshot, state, ledger, routesMax = ROUTES_MAX } = options;
  const { pool, publisher } = deployed;
  const whatIf = makeWhatIf({ snapshot, state, loadVersion: (...version) => loadVersion(deployed, ...version) });
  return {
    ...{ pool, clock: state.clock },
    routes: new ChangeRoutes({ pool, publisher, snapshot, isConfigured: () => deployed.isConfigured, routesMax }),
    catalogue: makeChangeCatalogue({ pool, publisher }),
    isLive: (modelId, monotonicMs) => state.live.isLive(modelId, monotonicMs),
    backtest: makeBacktest({ snapshot, ledgerUrls: ledger.urls, token: ledger.token, start: startBacktest }),
    simulate: async (request) => whatIf.simulate(request),
    replay: async ({ record }) => {
      if (record) return whatIf.replay(record);
      throw new WaybillError("invalid_value", { publicMessage: "There is no record.", param: "record" });
    },
  };
}

/** A version as it is stored, whether or not it is in service; undefined: there is none. */
export async function loadVersion(
  { pool }: Pick<Deployed, "pool">,
  organisationId: string,
  name: string,
  version: number,
): Promise<CompiledRoute | undefined> {
  const document = await readDocument(pool, organisationId, name, version).catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("routes_unavailable", { detail, cause: error });
  });
  if (document === undefined) return undefined;
  return compileRoute({ organisationId, name, version }, JSON.parse(document)).route;
}
