// A change that is committed goes to the bucket at once. What cannot be put there now is put there by the repair.
import { type Clock, WaybillError } from "@waybill/domain";
import type { Log } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { type Changed, type ConfigBucket, publishChanged } from "../deploy.ts";
import { seenWithin } from "./echo.ts";

export interface ChangePublisher {
  /** Throws bus_unavailable while nothing can be published: for a change of what is in service, before it is made. */
  requireBus(): void;
  /** Returns when this replica decides by it, or the reason why it does not was logged. Never throws. */
  publish(changed: Changed): Promise<void>;
}

export interface PublishOptions {
  pool: Pool;
  /** Undefined: not reached yet, or the connection is lost. */
  bucket(): ConfigBucket | undefined;
  clock: Clock;
  log: Log;
  /** Asks for the repair. */
  onUnpublished(): void;
}

/** Within this the own change is back from the bucket. */
const ECHO_MS = 2_000;

export function makeChangePublisher({ pool, bucket, clock, log, onUnpublished }: PublishOptions): ChangePublisher {
  const requireBus = (): ConfigBucket => {
    const open = bucket();
    if (!open) throw new WaybillError("bus_unavailable", { detail: "the configuration bucket cannot be written" });
    return open;
  };
  return {
    requireBus,
    async publish(changed) {
      try {
        const { put, removed, echo } = await publishChanged(pool, requireBus(), changed, clock.unixMs());
        if (await seenWithin(echo, ECHO_MS)) log.info({ put, removed }, "change deployed");
        else log.warn({ put, removed }, "a deployed change does not come back from the bucket");
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        log.warn({ detail }, "a change is stored and not published; it will be repaired");
        onUnpublished();
      }
    },
  };
}
