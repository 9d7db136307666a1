// One log line and one measurement for every answer. Never a body, a key's secret or a reason.
import type { ServiceScope } from "@waybill/service";
import type { HttpOptions } from "./http.ts";

export function reportAnswers({ log, metrics }: Pick<ServiceScope, "log" | "metrics">): HttpOptions["onAnswer"] {
  const answered = metrics.counter("waybill_console_answers", "Answers of the admin API by operation and status");
  const took = metrics.histogram("waybill_console_answer_ms", "How long the admin API took to answer");
  return ({ operation, status, tookMs, requestId, by }) => {
    answered(1, { operation, status: String(status) });
    took(tookMs);
    const line = { request_id: requestId, operation, status, took_ms: Math.round(tookMs), admin_key_id: by };
    log.info(line, "answered");
  };
}
