// The till and the rate limits on their stream to the budget service.
import { createHash } from "node:crypto";
import { type ConfigOf, systemClock as clock, type Failpoint, makeUuidV7, type ServiceScope } from "@waybill/service";
import type { settings } from "../config.ts";
import { RateKeeper } from "../rate-keeper.ts";
import { Till } from "../till.ts";
import { connectBudget } from "./budget-stream.ts";
import { fromWireBudgets, fromWireRateLimits, fromWireStanding } from "./budgets-from-wire.ts";

export interface TillNeeds {
  /** This process incarnation, under which it holds. */
  holder: string;
  /** The longest life of a hold. */
  holdLifeMs: number;
  failpoint: Failpoint;
}

/** Journaling and giving credit back may take this long at the end, whatever the drain limit. */
const GIVE_BACK_MS = 10_000;

export function openTill(
  config: ConfigOf<typeof settings>,
  { log, health, metrics, onStop }: ServiceScope,
  { holder, holdLifeMs, failpoint }: TillNeeds,
): { till: Till; rates: RateKeeper } {
  const ready = health.condition("budget", `none of ${config.WAYBILL_BUDGET_URLS.join(", ")} has told its budgets yet`);
  const stream = connectBudget({
    urls: config.WAYBILL_BUDGET_URLS,
    token: config.WAYBILL_SERVICE_TOKEN,
    holder,
    onBudgets(budgets, rateLimits) {
      till.setBudgets(fromWireBudgets(budgets));
      rates.setLimits(fromWireRateLimits(rateLimits));
      ready.set(true);
    },
    onStandings(standings) {
      for (const standing of standings) till.setStanding(standing.budgetId, fromWireStanding(standing));
    },
    onState(open, problem) {
      if (open) log.info("the budget service is there");
      else log.warn({ detail: problem }, "the budget service is away; serving from grants in hand");
    },
  });
  onStop("budget stream", () => stream.stop());
  const lives = { grantLifeMs: config.WAYBILL_GRANT_LIFE_MS, holdLifeMs };
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const alone = metrics.counter(
    "waybill_router_rates_alone_total",
    "Requests counted on rate limits by this router alone, because the budget service could not be asked",
  );
  const rates = new RateKeeper({
    ask: stream.askRates,
    isServiceOpen: () => stream.isOpen,
    ...{ clock, hash, onAlone: () => alone(1) },
  });
  onStop("rates", () => rates.stop());
  const till = new Till({ budgetService: stream, clock, makeId: makeUuidV7, hash, settings: lives, failpoint });
  onStop("grants", async (limitMs) => {
    const lines = await till.stop(Math.max(limitMs, GIVE_BACK_MS));
    if (lines > 0) log.error({ lines }, "journal lines left behind; their grants count as spent until reaped");
  });
  return { till, rates };
}
