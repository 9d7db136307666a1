// Traces: a W3C trace context travels with every request as text; spans are made by hand and only when somebody collects them.
import { randomFillSync } from "node:crypto";
import type { Attributes, Tracer } from "@opentelemetry/api";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** One unit of work. `traceparent` is what the next hop is told. */
export interface Span {
  readonly traceId: string;
  readonly traceparent: string;
  end(attributes?: Attributes): void;
}

export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

export interface Tracing {
  /** False: nobody collects spans, so nothing needs to be read or prepared for them. */
  readonly collects: boolean;
  /** Begins a span below `parent` (a traceparent; empty or malformed: a new trace). */
  start(name: string, kind: SpanKind, parent: string): Span;
  stop(): Promise<void>;
}

/** The trace id of a traceparent, or empty. */
export function traceIdOf(traceparent: string): string {
  return TRACEPARENT.exec(traceparent)?.[1] ?? "";
}

/** No collector: the context is passed on, nothing is recorded, nothing is paid. */
const passingOn: Tracing = {
  collects: false,
  start(_name, _kind, parent) {
    const known = TRACEPARENT.test(parent);
    const traceparent = known ? parent : newTraceparent(false);
    return { traceId: traceparent.slice(3, 35), traceparent, end() {} };
  },
  async stop() {},
};

// Randomness is fetched for many ids at a time: a fetch costs far more than what is made of it.
const ID_BYTES = 24;
const pool = Buffer.alloc(ID_BYTES * 256);
let poolAt = pool.length;

function newTraceparent(sampled: boolean): string {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const bytes = pool.toString("hex", poolAt, poolAt + ID_BYTES);
  poolAt += ID_BYTES;
  return `00-${bytes.slice(0, 32)}-${bytes.slice(32)}-${sampled ? "01" : "00"}`;
}

/**
 * Tracing for one process. Without an endpoint nothing of OpenTelemetry is even loaded.
 * Sampling is decided before a span is made: the caller's flag counts, else `samplePercent`.
 */
export async function startTracing(service: string, endpoint: string, samplePercent: number): Promise<Tracing> {
  if (endpoint === "") return passingOn;
  const [{ NodeSDK, tracing: sdkTracing }, api] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/api"),
  ]);
  const sdk = new NodeSDK({
    serviceName: `waybill-${service}`,
    sampler: new sdkTracing.ParentBasedSampler({
      root: new sdkTracing.TraceIdRatioBasedSampler(samplePercent / 100),
    }),
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer: Tracer = api.trace.getTracer("waybill");
  const kinds = {
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
    internal: api.SpanKind.INTERNAL,
  } as const;
  return {
    collects: true,
    start(name, kind, parent) {
      const match = TRACEPARENT.exec(parent);
      const context =
        match?.[1] && match[2] && match[3]
          ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
              traceId: match[1],
              spanId: match[2],
              traceFlags: Number.parseInt(match[3], 16),
              isRemote: true,
            })
          : api.ROOT_CONTEXT;
      const span = tracer.startSpan(name, { kind: kinds[kind] }, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceId,
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
        end(attributes) {
          if (attributes) span.setAttributes(attributes);
          span.end();
        },
      };
    },
    stop: () => sdk.shutdown(),
  };
}
