// The router's metrics. Labels are bounded: codes of the error catalogue, the largest budgets, models with an open circuit.
import type { Clock } from "@waybill/domain";
import type { Metrics } from "@waybill/service";
import type { LiveModels } from "../core/live-models.ts";
import type { Observations } from "../ports.ts";
import type { Till } from "../till.ts";

const BUDGETS_SHOWN_MAX = 100;
const CIRCUITS_SHOWN_MAX = 100;
const PICO_PER_USD = 1e12;

export function measureDecisions(metrics: Metrics): Observations {
  const decisions = metrics.counter("waybill_router_decisions_total", "Decisions by outcome: ok or an error code");
  const decideMs = metrics.histogram("waybill_router_decide_ms", "Time from a call to its decision, waits included");
  const budgetWaitMs = metrics.histogram(
    "waybill_router_budget_wait_ms",
    "Time decisions waited for the budget service",
  );
  const unheld = metrics.counter(
    "waybill_router_unheld_total",
    "Holds skipped on soft and observing budgets that could not be asked",
  );
  return {
    decided(code, tookMs) {
      decisions(1, { code });
      decideMs(tookMs);
    },
    waitedForBudget: (tookMs) => budgetWaitMs(tookMs),
    unheld: (count) => unheld(count),
  };
}

export function measureState(metrics: Metrics, till: Till, live: LiveModels, clock: Clock): void {
  metrics.gauge("waybill_router_granted_in_hand_usd", "Credit in hand by budget, the largest ones", () =>
    [...till.inHand()]
      .sort((a, b) => (a.restPicoUsd < b.restPicoUsd ? 1 : -1))
      .slice(0, BUDGETS_SHOWN_MAX)
      .map(({ budgetId, restPicoUsd }) => ({
        value: Number(restPicoUsd) / PICO_PER_USD,
        labels: { budget: budgetId },
      })),
  );
  metrics.gauge(
    "waybill_router_live_models",
    "Models with a live worker",
    () => [...live.live(clock.monotonicMs())].length,
  );
  metrics.gauge("waybill_router_open_circuits", "Models that get no requests, or few, because their calls failed", () =>
    [...live.openCircuits(clock.monotonicMs())]
      .slice(0, CIRCUITS_SHOWN_MAX)
      .map(([model, state]) => ({ value: 1, labels: { model, state } })),
  );
  metrics.gauge("waybill_router_journal_lines", "Journal lines not acknowledged yet", () => till.journalLines);
}
