// What ops see of requests: counters and times for every one, and one log line for each that reached the story.
import type { Clock, ErrorCode } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import type { Served } from "../serve.ts";

export interface RequestReport {
  /** A request that was refused before the story. */
  refused(code: ErrorCode): void;
  /** The first byte of an answer is out. */
  firstByte(startMs: number): void;
  /** The end of a story. */
  served(served: Served, startMs: number, requestId: string, traceId: string): void;
}

export function makeRequestReport({ log, metrics }: ServiceScope, clock: Clock): RequestReport {
  const requests = metrics.counter("waybill_ingress_requests_total", "Requests by result code and route");
  const findings = metrics.counter(
    "waybill_ingress_filter_findings_total",
    "What content filters found, by filter, kind, action and place (input, output)",
  );
  const addedMs = metrics.histogram(
    "waybill_ingress_added_latency_ms",
    "Time in the gateway that was not the provider's",
  );
  const firstByteMs = metrics.histogram("waybill_ingress_time_to_first_token_ms", "Request in to first byte out");
  const cached = metrics.counter(
    "waybill_ingress_cached_answers_total",
    "Requests served with an answer that was kept for others",
  );
  return {
    refused: (code) => requests(1, { code, route: "" }),
    firstByte: (startMs) => firstByteMs(clock.monotonicMs() - startMs),
    served({ code, key, decision, end, findings: found }, startMs, requestId, traceId) {
      const totalMs = clock.monotonicMs() - startMs;
      requests(1, { code, route: decision?.route ?? "" });
      const isCached = code === "ok" && decision?.attempt === 0;
      if (isCached) cached(1);
      for (const { filter, kind, action, where, count } of found) findings(count, { filter, kind, action, where });
      const providerMs = end?.kind === "complete" ? end.finished.durationMs : undefined;
      if (providerMs !== undefined) addedMs(Math.max(0, totalMs - providerMs));
      log.info(
        {
          request_id: requestId,
          trace_id: traceId,
          code,
          organisation: key?.attribution?.organisationId,
          team: key?.attribution?.teamId,
          key_id: key?.keyId,
          route: decision?.route,
          provider: decision?.target?.provider,
          model: decision?.target?.model,
          attempts: decision?.attempt,
          cached: isCached || undefined,
          total_ms: Math.round(totalMs * 100) / 100,
          provider_ms: providerMs,
          ...(found.length > 0 && { filter_findings: found }),
        },
        "served",
      );
    },
  };
}
