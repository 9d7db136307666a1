// Looks every half a minute, and whenever a price list changes, for attempts that wait for a price which is there now.
import type { Metrics, ServiceScope } from "@waybill/service";
import type { WaitingModel } from "../outbound/postgres-revisions.ts";
import { type AttemptPlace, type RepricePorts, type RepriceReport, reprice } from "../reprice.ts";

const EVERY_MS = 30_000;
/** A catalogue that is deployed changes many lists at once. */
const AFTER_CHANGE_MS = 1_000;
/** Of one model in one round, so that others have their turn. */
const LOOKED_MAX = 50_000;

export interface SuspenseWatch {
  /** A price list is another one. */
  onPrices(): void;
  stop(): void;
}

export interface SuspensePorts extends RepricePorts {
  waiting(): Promise<readonly WaitingModel[]>;
}

export function watchSuspense(
  ports: SuspensePorts,
  { metrics, log }: Pick<ServiceScope, "metrics" | "log">,
): SuspenseWatch {
  const count = measure(metrics);
  let [timer, isStopped]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  let [isLooking, isDue] = [false, false];
  /** Where the next round goes on, so that many that no price covers do not stand before the others. */
  const goesOn = new Map<string, AttemptPlace | undefined>();

  const plan = (inMs: number): void => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void look(), inMs).unref();
  };
  const look = async (): Promise<void> => {
    [isLooking, isDue] = [true, false];
    try {
      const waiting = await ports.waiting();
      count.waiting(waiting.reduce((sum, { attempts }) => sum + Number(attempts), 0));
      for (const { provider, model } of waiting) {
        if (isStopped) return;
        if (ports.pricesOf(provider, model).length === 0) continue;
        const wish = { provider, model, fromMs: 0, untilMs: ports.nowMs() + EVERY_MS, onlyUnpriced: true } as const;
        const why = { because: "price_arrived", by: "ledger", reason: "" } as const;
        const name = `${provider}/${model}`;
        const limits = { isDryRun: false, lookedMax: LOOKED_MAX, after: goesOn.get(name) };
        const report = await reprice(ports, { ...wish, ...why }, limits);
        if (report.goesOnAfter) goesOn.set(name, report.goesOnAfter);
        else goesOn.delete(name);
        count.revised(report);
        if (report.revised > 0) {
          log.info({ provider, model, attempts: report.revised }, "attempts without a price have one now");
        }
      }
    } catch (error) {
      log.warn({ err: error }, "attempts without a price were not looked at; trying again");
    } finally {
      isLooking = false;
      plan(isDue ? AFTER_CHANGE_MS : EVERY_MS);
    }
  };
  plan(AFTER_CHANGE_MS);
  return {
    onPrices() {
      isDue = true;
      if (!isLooking) plan(AFTER_CHANGE_MS);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function measure(metrics: Metrics): { waiting(attempts: number): void; revised(report: RepriceReport): void } {
  let attempts = Number.NaN;
  metrics.gauge("waybill_ledger_unpriced_attempts", "Attempts on the books whose price is unknown", () =>
    Number.isNaN(attempts) ? [] : attempts,
  );
  const revisions = metrics.counter("waybill_ledger_revisions", "Records that were revised because a price arrived");
  return {
    waiting(found) {
      attempts = found;
    },
    revised: ({ revised }) => revisions(revised),
  };
}
