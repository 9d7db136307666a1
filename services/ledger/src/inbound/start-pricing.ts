// Wires re-pricing: what waits for a price gets it by itself, and what was priced wrongly when somebody asks.
import { type NatsConnection, Publisher } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { keepRevisions, waitingModels } from "../outbound/postgres-revisions.ts";
import { watchPriceLists } from "../outbound/price-lists.ts";
import { publishRevisions } from "../outbound/publish-revisions.ts";
import { standingAttempts } from "../outbound/standing-attempts.ts";
import type { RepricePorts } from "../reprice.ts";
import { watchSuspense } from "./price-suspense.ts";

/** Starts; stops with the service. Returns what a question about prices needs. */
export function startPricing(nc: NatsConnection, pool: Pool, scope: ServiceScope): RepricePorts {
  const publisher = new Publisher(nc);
  let onChange = (): void => {};
  const lists = watchPriceLists(nc, () => onChange());
  const ports: RepricePorts = {
    pricesOf: lists.of,
    standing: standingAttempts(pool),
    keep: (revisions, wish) => keepRevisions(pool, revisions, wish),
    publish: (records) => publishRevisions(publisher, records),
    nowMs: Date.now,
  };
  const watch = watchSuspense({ ...ports, waiting: () => waitingModels(pool, "") }, scope);
  onChange = () => watch.onPrices();
  scope.onStop("pricing", () => {
    watch.stop();
    lists.stop();
  });
  return ports;
}
