// Recorded requests to test with.
import { DecisionRecord, RecordedAttempt } from "@waybill/wire";

/** Of acme's support team at route `r`, served by `model` as <provider>/<model>, or refused where it is empty. */
export function sampleRecord(
  model: string,
  more: Parameters<typeof DecisionRecord.fromPartial>[0] = {},
): DecisionRecord {
  const [provider = "", name = ""] = model.split("/");
  const target = { provider, model: name };
  return DecisionRecord.fromPartial({
    requestId: "0190aaaa-0000-7000-8000-000000000000",
    attempt: 1,
    decidedAtMs: 1_795_694_400_000n,
    attribution: { organisationId: "acme", teamId: "support", teamName: "Support" },
    inputs: {
      atMs: 1_795_694_400_000n,
      features: { requestedModel: "dynamic/r", estimatedInputTokens: 500n, maxOutputTokens: 100n, choiceCount: 1 },
    },
    explanation: {
      route: "r",
      ...(model === "" ? { refusalCode: "no_workers" } : { target, candidates: [{ provider, model: name }] }),
    },
    ...more,
  });
}

/** 1000 tokens in, of them 400 from the cache, 50 out, for 5000 pico-USD. */
export function sampleAttempt(more: Partial<RecordedAttempt> = {}): RecordedAttempt {
  return RecordedAttempt.fromPartial({
    ...{ attempt: 1, outcome: "success", costPicoUsd: "5000", durationMs: 1_000 },
    ...{ inputTokens: 1_000n, cachedInputTokens: 400n, outputTokens: 50n },
    ...more,
  });
}
