// A usage record as large and as full as a usual one, for filling USAGE.
import { randomBytes } from "node:crypto";
import { UsageRecord } from "@waybill/wire";

/** A UUIDv7 of this moment. */
export function uuidAt(unixMs: number): string {
  const time = unixMs.toString(16).padStart(12, "0");
  const rest = randomBytes(10).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

/** The record of attempt 1; `index` makes tokens, team and user differ. */
export function usageRecord(requestId: string, source: "worker" | "ingress", index: number): UsageRecord {
  const team = index % 7;
  return UsageRecord.fromPartial({
    recordId: `${requestId}.1:${source}`,
    attemptId: `${requestId}.1`,
    requestId,
    attempt: 1,
    source: source === "worker" ? 1 : 2,
    outcome: source === "worker" ? 1 : 2,
    attribution: {
      organisationId: "acme",
      organisationName: "Acme Inc.",
      teamId: `team-${team}`,
      teamName: `Team number ${team}`,
      userId: `user-${index % 50}`,
      userName: "Ada Lovelace",
      keyId: `key${index % 100}`,
      keyName: "laptop",
      endUserId: `customer-${index % 1_000}`,
      tags: { environment: "production", feature: "search" },
    },
    route: "support",
    routeVersion: 3,
    path: ["start", "paid", "better"],
    target: { provider: "openai", model: "gpt-4.1", upstreamModel: "gpt-4.1-2025-04-14" },
    requestedModel: "dynamic/support",
    stream: true,
    usage: { input: 1_200n, cachedInput: 1_024n, output: BigInt(index % 900) },
    tokenSource: source === "worker" ? 1 : 2,
    price: {
      version: "genai-prices-0.1.8",
      tiers: [{ aboveInputTokens: 0n, rates: { input: 2_000_000n, cachedInput: 500_000n, output: 8_000_000n } }],
    },
    costPicoUsd: 864_000_000n + 8_000_000n * BigInt(index % 900),
    costKnown: true,
    holds: [
      { budgetId: "acme-month", windowId: 41n, grantId: "0193-grant-a", amountPicoUsd: 9_000_000_000n, hard: true },
      { budgetId: "team-month", windowId: 42n, grantId: "0193-grant-b", amountPicoUsd: 9_000_000_000n, hard: true },
    ],
    holder: "router-host-0123456789ab",
    recordedAtMs: BigInt(Date.now()),
    firstTokenMs: 312,
    durationMs: 4_211,
    ingressId: "ingress-host-0123456789ab",
    workerId: "worker-host-0123456789ab",
    finishReason: "stop",
    providerStatus: 200,
  });
}
