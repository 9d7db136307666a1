// Metrics: OpenTelemetry instruments, read by Prometheus at /metrics. No user, key or request id is ever a label.
import type { IncomingMessage, ServerResponse } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Attributes } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/** Adds to a running total. */
export type Counter = (amount: number, labels?: Attributes) => void;
/** Records one measurement. */
export type Histogram = (value: number, labels?: Attributes) => void;

/** Milliseconds; from a tenth of one to two minutes. */
export const DURATION_MS_BUCKETS = [
  0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000,
];

/** One reading of a gauge, with its labels. */
export interface Reading {
  value: number;
  labels?: Attributes;
}

export class Metrics {
  readonly #exporter = new PrometheusExporter({ preventServerStart: true });
  readonly #provider = new MeterProvider({ readers: [this.#exporter] });
  readonly #meter = this.#provider.getMeter("waybill");

  constructor() {
    this.#watchProcess();
  }

  counter(name: string, description: string): Counter {
    const instrument = this.#meter.createCounter(name, { description });
    return (amount, labels) => instrument.add(amount, labels);
  }

  histogram(name: string, description: string, buckets: number[] = DURATION_MS_BUCKETS): Histogram {
    const instrument = this.#meter.createHistogram(name, {
      description,
      advice: { explicitBucketBoundaries: buckets },
    });
    return (value, labels) => instrument.record(value, labels);
  }

  /** A value that is read when somebody looks. */
  gauge(name: string, description: string, read: () => number | Reading[]): void {
    this.#meter.createObservableGauge(name, { description }).addCallback((result) => {
      const readings = read();
      if (typeof readings === "number") result.observe(readings);
      else for (const { value, labels } of readings) result.observe(value, labels);
    });
  }

  /** Answers GET /metrics in Prometheus text format. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#exporter.getMetricsRequestHandler(request, response);
  }

  async stop(): Promise<void> {
    await this.#provider.shutdown();
  }

  #watchProcess(): void {
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    this.gauge("waybill_event_loop_delay_p99_ms", "99th percentile of event-loop delay since the last look", () => {
      const p99Ms = delay.percentile(99) / 1e6;
      delay.reset();
      return Number.isFinite(p99Ms) ? p99Ms : 0;
    });
    this.gauge("waybill_resident_memory_bytes", "Resident memory of this process", () => process.memoryUsage.rss());
    this.gauge("waybill_cpu_seconds", "CPU time of this process since its start", () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }
}
