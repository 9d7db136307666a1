// Everything that runs over NATS: settlement of USAGE, the reapers and the bucket of revoked keys.
import { type NatsConnection, Publisher, sightConsumer } from "@waybill/bus";
import { type ConfigOf, type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { usageConsumer } from "@waybill/wire";
import type { settings } from "../config.ts";
import { parkInDead } from "../outbound/dead-letters.ts";
import { findExpired } from "../outbound/expired.ts";
import { forgetSettled } from "../outbound/forget-settled.ts";
import type { Measures } from "../outbound/measure.ts";
import { postgresAccounts } from "../outbound/postgres-accounts.ts";
import { publishLost } from "../outbound/publish-lost.ts";
import { makeBusLook } from "../outbound/sight-bus.ts";
import type { Writer } from "../ports.ts";
import { makeSettle } from "./consume-usage.ts";
import { keepKeyBucket } from "./keep-key-bucket.ts";
import { makeReapRound } from "./reap.ts";
import { repeat } from "./repeat.ts";
import { UsageIntake } from "./usage-intake.ts";

const LAG_EVERY_MS = 2_000;

export interface BusWorld {
  nc: NatsConnection;
  pool: Pool;
  writer: Writer;
  measures: Measures;
  isDatabaseReady(): boolean;
  failpoint(name: string): void;
}

/** `onBack`: call it after every reconnect. */
export function followBus(
  config: ConfigOf<typeof settings>,
  scope: ServiceScope,
  { nc, pool, writer, measures, isDatabaseReady, failpoint }: BusWorld,
): { onBack(): void } {
  const { log, tracing, health, onStop } = scope;
  const publisher = new Publisher(nc);
  const park = parkInDead(publisher, (reason) => {
    measures.parked();
    log.error({ reason }, "a usage record can never be settled; it lies in DEAD");
  });
  const consuming = health.condition("usage", "not consuming yet");
  const intake = new UsageIntake({
    nc,
    settle: makeSettle({ writer, park, measures, tracing, failpoint, log }),
    inHandMax: config.WAYBILL_BUDGET_SETTLING_MAX,
    canSettle: isDatabaseReady,
    onConsuming: (problem) => consuming.set(problem === undefined, problem),
  });
  onStop("usage", (limitMs) => intake.stop(limitMs));

  const { stream, durable } = usageConsumer("budget");
  const lag = repeat(
    LAG_EVERY_MS,
    async () => {
      const sight = await sightConsumer(nc, stream, durable);
      measures.setLag(sight.pending + sight.unacknowledged);
    },
    () => measures.setLag(undefined),
  );
  onStop("usage lag", () => lag.stop());

  const keys = keepKeyBucket(nc, postgresAccounts(pool), log);
  onStop("key bucket", () => keys.stop());

  const round = makeReapRound({
    look: makeBusLook(nc, pool),
    world: {
      writer,
      expired: findExpired(pool),
      lostRecords: publishLost(pool, publisher, systemClock.unixMs),
      clockMarginMs: config.WAYBILL_REAP_CLOCK_MARGIN_MS,
    },
    onHold: (how) => measures.reaped("hold", how),
    onGrant(how, grantId) {
      measures.reaped("grant", how);
      if (how === "suspense") log.error({ grant_id: grantId, alert: "grant_in_suspense" }, "a lost grant is booked");
    },
    forget: () => forgetSettled(pool),
  });
  let trouble = "";
  const reaper = repeat(
    config.WAYBILL_REAP_INTERVAL_MS,
    async () => {
      if (isDatabaseReady()) await round();
      trouble = "";
    },
    (error) => {
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== trouble) log.warn({ detail }, "reaping has to wait");
      trouble = detail;
    },
  );
  onStop("reaper", () => reaper.stop());
  return {
    onBack() {
      void intake.begin();
      keys.repairSoon();
    },
  };
}
