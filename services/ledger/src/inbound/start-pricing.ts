// Wires re-pricing: what waits for a price gets it by itself, and what was priced wrongly when somebody asks.
import { type NatsConnection, Publisher } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { keepRevisions, waitingModels } from "../outbound/postgres-revisions.ts";
import { watchPriceLists } from "../outbound/price-lists.ts";
import { publishRecords } from "../outbound/publish-records.ts";
import { standingAttempts } from "../outbound/standing-attempts.ts";
import type { RepricePorts } from "../reprice.ts";
import { watchSuspense } from "./price-suspense.ts";

export interface Pricing extends RepricePorts {
  /** Of records that were on USAGE before. */
  publishAgain(records: readonly Uint8Array[]): Promise<void>;
}

/** Starts; stops with the service. Returns what a question about prices needs. */
export function startPricing(nc: NatsConnection, pool: Pool, scope: ServiceScope): Pricing {
  const publisher = new Publisher(nc);
  let onChange = (): void => {};
  const lists = watchPriceLists(nc, () => onChange());
  const ports: RepricePorts = {
    pricesOf: lists.of,
    standing: standingAttempts(pool),
    keep: (revisions, wish) => keepRevisions(pool, revisions, wish),
    publish: (records) => publishRecords(publisher, records, false),
    nowMs: Date.now,
  };
  const watch = watchSuspense({ ...ports, waiting: () => waitingModels(pool, "") }, scope);
  onChange = () => watch.onPrices();
  scope.onStop("pricing", () => {
    watch.stop();
    lists.stop();
  });
  return { ...ports, publishAgain: (records) => publishRecords(publisher, records, true) };
}
