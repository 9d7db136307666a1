// Facts for the tests of the ledger: a plain one, changed where a test cares.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptIdOf, type UsageFact } from "./usage-fact.ts";

export const SAMPLE_REQUEST = "01932f5e-8a00-7abc-8def-000000000001";
// The time inside that id: 2024-11-15 in UTC.
const SAMPLE_TIME_MS = 0x01932f5e8a00;

const SAMPLE_RATES = {
  ...{ input: 15_000_000n, cachedInput: 5_000_000n, cacheWrite5m: 20_000_000n, cacheWrite1h: 30_000_000n },
  ...{ output: 20_000_000n, reasoningOutput: 20_000_000n },
};

/** Its cost is 60 x 15 + 40 x 5 + 20 x 20 millionths of a USD. */
export function sampleFact(changes: Partial<UsageFact> = {}): UsageFact {
  return {
    requestId: SAMPLE_REQUEST,
    attempt: 1,
    requestedAtMs: SAMPLE_TIME_MS,
    source: "worker",
    revision: 0,
    outcome: "success",
    costPicoUsd: 1_500_000_000n,
    priced: true,
    price: {
      version: "v1",
      tier: { aboveInputTokens: 0n, rates: SAMPLE_RATES },
      perRequestPicoUsd: 0n,
    },
    tokens: { input: 100n, cachedInput: 40n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 20n, reasoningOutput: 5n },
    tokenSource: "provider",
    suspect: false,
    evidenceJson: "",
    attribution: {
      organisationId: "acme",
      organisationName: "Acme",
      teamId: "support",
      teamName: "Support",
      costCentre: "4711",
      userId: "ada",
      userName: "Ada",
      keyId: "k1",
      keyName: "laptop",
      endUserId: "",
      tags: {},
    },
    route: "",
    routeVersion: 0,
    path: [],
    requestedModel: "economy",
    provider: "sim",
    model: "economy",
    upstreamModel: "economy",
    simulated: true,
    holds: [],
    holder: "",
    ingressId: "ingress-1",
    workerId: "worker-1",
    stream: false,
    recordedAtMs: SAMPLE_TIME_MS + 1_000,
    firstTokenMs: 0,
    durationMs: 900,
    finishReason: "stop",
    errorCode: "",
    providerStatus: 200,
    providerAccount: "default",
    session: "",
    ...changes,
  };
}

/** A request id whose time is `SAMPLE_TIME_MS` plus `index` milliseconds. */
export function sampleRequest(index: number): Pick<UsageFact, "requestId" | "requestedAtMs"> {
  const requestedAtMs = SAMPLE_TIME_MS + index;
  const time = requestedAtMs.toString(16).padStart(12, "0");
  return { requestId: `${time.slice(0, 8)}-${time.slice(8)}-7abc-8def-000000000001`, requestedAtMs };
}

test("facts of one attempt share their attempt id, other attempts have others", () => {
  assert.equal(attemptIdOf(sampleFact()), `${SAMPLE_REQUEST}.1`);
  assert.equal(attemptIdOf(sampleFact({ source: "void" })), attemptIdOf(sampleFact()));
  assert.notEqual(attemptIdOf(sampleFact({ attempt: 2 })), attemptIdOf(sampleFact()));
});
