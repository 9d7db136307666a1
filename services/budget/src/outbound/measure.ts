// Every metric of the budget service. Labels are bounded: the first thousand budgets by id, and words from this code.
import { formatUsd } from "@waybill/domain";
import type { Metrics, Reading } from "@waybill/service";
import type { AlertKind } from "../core/alert.ts";
import type { Contradiction } from "../core/books.ts";
import type { Settled, SettleRecord, Standing } from "../core/operation.ts";

const BUDGET_LABELS_MAX = 1_000;
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

export interface Measures {
  committed(operations: number, durationMs: number): void;
  commitFailed(): void;
  refused(budgetId: string): void;
  settled(record: SettleRecord, settled: Settled): void;
  parked(): void;
  reaped(what: "hold" | "grant", how: string): void;
  contradicted(contradiction: Contradiction): void;
  alerted(kind: AlertKind): void;
  webhookTried(outcome: "delivered" | "retry" | "given_up"): void;
  /** What the gauges show until the next call; of budgets of tokens and requests only the refusals are told. */
  setStandings(standings: ReadonlyMap<string, Standing>): void;
  /** Undefined: nobody can tell. */
  setLag(messages: number | undefined): void;
}

export interface Watched {
  waitingOperations(): number;
  sessions(): number;
}

export function measure(metrics: Metrics, watched: Watched): Measures {
  const batchSize = metrics.histogram("waybill_budget_batch_operations", "Operations per transaction", BATCH_BUCKETS);
  const commitMs = metrics.histogram("waybill_budget_commit_duration_ms", "Duration of a transaction that committed");
  const commitFailures = metrics.counter("waybill_budget_commit_failures", "Transactions that failed and are repeated");
  const refusals = metrics.counter("waybill_budget_refusals", "Exact holds refused, by the budget that bound");
  const parked = metrics.counter("waybill_budget_parked_messages", "Messages of USAGE parked in DEAD");
  const reaped = metrics.counter("waybill_budget_reaped", "Holds and grants closed at their end of life");
  const contradictions = metrics.counter(
    "waybill_budget_contradictions",
    "Contradictions that a person should look at",
  );
  let standings: Standing[] = [];
  let labelled = new Set<string>();
  let lagMessages = Number.NaN;
  const gauge = (name: string, description: string, read: (standing: Standing) => bigint): void =>
    metrics.gauge(name, description, (): Reading[] =>
      standings.map((standing) => ({
        value: Number(formatUsd(read(standing))),
        labels: { budget: standing.budgetId },
      })),
    );
  gauge("waybill_budget_limit_usd", "Limit of the current window", ({ limitPicoUsd }) => limitPicoUsd);
  gauge("waybill_budget_posted_usd", "Spent in the current window", ({ postedPicoUsd }) => postedPicoUsd);
  gauge("waybill_budget_held_usd", "Held by running calls in the current window", ({ heldPicoUsd }) => heldPicoUsd);
  gauge("waybill_budget_granted_usd", "Out with routers in the current window", ({ grantedPicoUsd }) => grantedPicoUsd);
  metrics.gauge("waybill_budget_usage_lag_messages", "Usage records not settled yet", () => lagMessages);
  metrics.gauge("waybill_budget_waiting_operations", "Operations waiting for a transaction", watched.waitingOperations);
  metrics.gauge("waybill_budget_open_sessions", "Routers connected", watched.sessions);
  return {
    committed(operations, durationMs) {
      batchSize(operations);
      commitMs(durationMs);
    },
    commitFailed: () => commitFailures(1),
    refused: (budgetId) => refusals(1, { budget: labelled.has(budgetId) ? budgetId : "other" }),
    settled: measureSettled(metrics),
    parked: () => parked(1),
    reaped: (what, how) => reaped(1, { what, how }),
    contradicted: ({ what }) => contradictions(1, { what }),
    ...measureAlerts(metrics),
    setStandings(all) {
      const shown = [...all.values()].slice(0, BUDGET_LABELS_MAX);
      labelled = new Set(shown.map(({ budgetId }) => budgetId));
      standings = shown.filter(({ unit }) => unit === "usd");
    },
    setLag(messages) {
      lagMessages = messages ?? Number.NaN;
    },
  };
}

function measureAlerts(metrics: Metrics): Pick<Measures, "alerted" | "webhookTried"> {
  const alerts = metrics.counter("waybill_budget_alerts_raised", "Alerts that the watch over spend raised, by kind");
  const webhookTries = metrics.counter("waybill_budget_webhook_tries", "Alerts sent to webhooks, by what came of it");
  return { alerted: (kind) => alerts(1, { kind }), webhookTried: (outcome) => webhookTries(1, { outcome }) };
}

function measureSettled(metrics: Metrics): Measures["settled"] {
  const settledRecords = metrics.counter("waybill_budget_settled_records", "Usage records settled, by source");
  const repeatedRecords = metrics.counter(
    "waybill_budget_repeated_records",
    "Usage records that had been settled before",
  );
  const unpriced = metrics.counter(
    "waybill_budget_unpriced_records",
    "Usage records whose price is unknown: posted as 0",
  );
  const overHolds = metrics.counter("waybill_budget_over_hold_records", "Attempts that cost more than was held");
  const overHoldUsd = metrics.counter("waybill_budget_over_hold_usd", "What attempts cost beyond what was held");
  return ({ source, costKnown }, { repeated, overHoldPicoUsd }) => {
    if (repeated) {
      repeatedRecords(1);
      return;
    }
    settledRecords(1, { source });
    if (!costKnown) unpriced(1);
    if (overHoldPicoUsd === 0n) return;
    overHolds(1);
    overHoldUsd(Number(formatUsd(overHoldPicoUsd)));
  };
}
