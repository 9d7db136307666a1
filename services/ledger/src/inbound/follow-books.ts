// Tells the bus of what is booked, as long as the service runs. Booking goes first: while it is behind, telling rests between pages.
import type { NatsConnection } from "@waybill/bus";
import { type ConfigOf, makeFailpoint, type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import type { settings } from "../config.ts";
import { eventBus } from "../outbound/event-bus.ts";
import { eventTurns } from "../outbound/event-turns.ts";
import { measureEvents } from "../outbound/measure.ts";
import { type TellUsagePorts, tellUsage } from "../tell-usage.ts";

/** Between looks while there is nothing to tell, and after a failure. */
const LOOK_EVERY_MS = 250;
/** Between two pages while the books are behind: a ledger that catches up spends a small part of its time on telling. */
const REST_MS = 1_000;

export interface BooksFollowing {
  config: ConfigOf<typeof settings>;
  scope: ServiceScope;
  nc: NatsConnection;
  pool: Pool;
  /** A whole batch of records waits to be booked. */
  isBehind(): boolean;
}

/** Does nothing where telling is switched off. */
export function followBooks({ config, scope, nc, pool, isBehind }: BooksFollowing): void {
  if (config.WAYBILL_LEDGER_EVENTS === "off") return;
  const { log, metrics, onStop } = scope;
  const bus = eventBus(nc);
  const told = measureEvents(metrics, systemClock.unixMs);
  const ports: TellUsagePorts = {
    takeTurn: eventTurns(pool, systemClock.unixMs),
    publish: bus.publish,
    failpoint: makeFailpoint(config.WAYBILL_FAILPOINT),
  };
  let [isStopping, trouble, wake]: [boolean, string, () => void] = [false, "", () => {}];
  const turn = async (): Promise<number> => {
    try {
      await bus.declare();
      const turned = await tellUsage(ports);
      told(turned);
      trouble = "";
      if (turned?.more) return isBehind() ? REST_MS : 0;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== trouble && !isStopping) log.warn({ detail }, "what was booked is not told; trying again");
      trouble = detail;
    }
    return LOOK_EVERY_MS;
  };
  const run = async (): Promise<void> => {
    while (!isStopping) {
      const restMs = await turn();
      if (restMs === 0 || isStopping) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const ended = run();
  onStop("telling of what is booked", async () => {
    isStopping = true;
    wake();
    await ended;
  });
}
