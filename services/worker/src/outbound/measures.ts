// What ops see of a worker. Labels are bounded: verdicts, error codes, providers, models and accounts of the
// catalogue.
import type { Histogram, Metrics, Reading } from "@waybill/service";
import type { Measures } from "../ports.ts";

export interface WorkerReadings {
  inFlight(): number;
  waiting(): Reading[];
  spoolBytes(): number;
  spoolRecords(): number;
  cooling(): Reading[];
}

export function makeMeasures(metrics: Metrics, readings: WorkerReadings): Measures {
  const claims = metrics.counter("waybill_worker_claims", "Answers to claims, by verdict");
  const attempts = metrics.counter("waybill_worker_attempts", "Provider calls that ended, by outcome");
  const firstToken = metrics.histogram(
    "waybill_worker_provider_first_token_ms",
    "From the beginning of a provider call to its first content",
  );
  metrics.gauge("waybill_worker_in_flight_calls", "Waybills this worker carries", readings.inFlight);
  metrics.gauge("waybill_worker_waiting_waybills", "Waybills no worker has taken yet, by model", readings.waiting);
  metrics.gauge("waybill_worker_spool_bytes", "Unsent usage records on disk", readings.spoolBytes);
  metrics.gauge("waybill_worker_spool_records", "Unsent usage records on disk", readings.spoolRecords);
  metrics.gauge(
    "waybill_worker_cooling_accounts",
    "Accounts of providers that this worker leaves alone for a while, by reason",
    readings.cooling,
  );
  return {
    claimed: (verdict) => claims(1, { verdict }),
    firstToken: (ms, { provider, model, account }) => firstToken(ms, { provider, model, account }),
    ended: (outcome, { provider, model, account }) => attempts(1, { outcome, provider, model, account }),
  };
}

/** Apart from the rest because the outbox is made before anything is carried. */
export function publishHistogram(metrics: Metrics): Histogram {
  return metrics.histogram("waybill_worker_usage_publish_ms", "From publishing a usage record to its being stored");
}
