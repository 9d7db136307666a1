import assert from "node:assert/strict";
import { test } from "node:test";
import { type BookedEntry, usageEvent } from "./usage-event.ts";

/** An entry as plain as can be, changed where a test cares. */
export function booked(changes: Partial<BookedEntry> = {}): BookedEntry {
  return {
    ...{ requestId: "01932f5e-8a00-7abc-8def-000000000001", attempt: 1, sequence: 1, class: "original", sign: 1 },
    ...{
      postedAt: "2026-11-28T10:51:38.123456Z",
      postedAtUs: 1_795_863_098_123_456n,
      occurredAt: "2026-11-28T10:51:37.000Z",
    },
    ...{ accountingMonth: "2026-11-01", outcome: "success", organisationId: "acme", organisationName: "Acme" },
    ...{ teamId: "support", teamName: "Support", costCentre: "4711", userId: "ada", userName: "Ada", keyId: "k1" },
    ...{ keyName: "laptop", endUserId: null, environment: null, tags: null, route: null, routeVersion: null },
    ...{ requestedModel: "economy", provider: "sim", providerAccount: "default", model: "economy" },
    ...{ upstreamModel: "economy", simulated: true, inputTokens: 100n, cachedInputTokens: 40n },
    ...{ cacheWrite5mTokens: 0n, cacheWrite1hTokens: 0n, outputTokens: 20n, reasoningTokens: 5n },
    ...{ tokenSource: "provider", suspect: false, costUsd: "0.001500000000", priceVersion: "v1", stream: false },
    ...{ firstTokenMs: null, durationMs: 900n, finishReason: "stop", errorCode: null },
    ...changes,
  };
}

const read = (entry: BookedEntry) => JSON.parse(usageEvent(entry));

test("an entry is a CloudEvent 1.0 whose id is the entry's key", () => {
  const { data, ...envelope } = read(booked());
  assert.deepEqual(envelope, {
    specversion: "1.0",
    id: "01932f5e-8a00-7abc-8def-000000000001.1.1",
    source: "waybill/ledger",
    type: "io.waybill.usage.booked.v1",
    subject: "acme",
    time: "2026-11-28T10:51:38.123456Z",
    datacontenttype: "application/json",
  });
  assert.deepEqual(
    [data.cost_usd, data.input_tokens, data.team, data.team_id, data.sign, data.corrects, data.accounting_month],
    ["0.0015", 100, "Support", "support", 1, null, "2026-11"],
  );
});

test("an unknown cost is null, never zero; a free one is zero", () => {
  assert.equal(read(booked({ costUsd: null })).data.cost_usd, null);
  assert.equal(read(booked({ costUsd: "0.000000000000" })).data.cost_usd, "0");
});

test("both entries of a correction name the one that stood", () => {
  const stood = "01932f5e-8a00-7abc-8def-000000000001.1.1";
  const mirror = booked({ sequence: 2, class: "correction", sign: -1, costUsd: "-0.009", inputTokens: -100n });
  const instead = booked({ sequence: 3, class: "correction" });
  assert.deepEqual([read(mirror).data.corrects, read(instead).data.corrects], [stood, stood]);
  assert.deepEqual([read(mirror).data.cost_usd, read(mirror).data.input_tokens], ["-0.009", -100]);
});

test("what belongs to no organisation has no subject, which may not be empty", () => {
  assert.equal("subject" in read(booked({ organisationId: "" })), false);
});
