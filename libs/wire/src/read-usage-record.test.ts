import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageRecord } from "./gen/waybill/v1/usage.ts";
import { readUsageRecord } from "./read-usage-record.ts";

const REQUEST = "01932f5e-8a00-7abc-8def-0123456789ab";

function record(changes: Record<string, unknown> = {}): Uint8Array {
  const plain = UsageRecord.fromPartial({
    recordId: `${REQUEST}.1:worker`,
    attemptId: `${REQUEST}.1`,
    requestId: REQUEST,
    attempt: 1,
    source: 1,
    outcome: 1,
    tokenSource: 1,
    attribution: { organisationId: "acme", teamId: "support" },
    target: { provider: "sim", model: "economy" },
    usage: { input: 10n, cachedInput: 4n, output: 2n },
    price: { version: "v1" },
    costPicoUsd: 5n,
    costKnown: true,
    ...changes,
  });
  return UsageRecord.encode(plain).finish();
}

test("a record that can be true is read with its names and the time of its request", () => {
  const reading = readUsageRecord(record());
  assert.equal(reading.kind, "record");
  if (reading.kind !== "record") return;
  const { read } = reading;
  assert.deepEqual([read.source, read.outcome, read.tokenSource], ["worker", "success", "provider"]);
  assert.equal(new Date(read.requestedAtMs).toISOString(), new Date(0x01932f5e8a00).toISOString());
});

test("what was never sent has no tokens and no price, and is still a record", () => {
  const reading = readUsageRecord(
    record({
      recordId: `${REQUEST}.1:void`,
      source: 3,
      outcome: 3,
      tokenSource: 5,
      usage: undefined,
      price: undefined,
      costPicoUsd: 0n,
    }),
  );
  assert.equal(reading.kind, "record");
  if (reading.kind === "record") assert.equal(reading.read.usage.input, 0n);
});

test("a revision is read with its number", () => {
  const reading = readUsageRecord(record({ recordId: `${REQUEST}.1:worker.2`, revision: 2 }));
  assert.equal(reading.kind === "record" && reading.read.record.revision, 2);
});

const IMPOSSIBLE: readonly [Record<string, unknown>, RegExp][] = [
  [{ requestId: "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }, /UUIDv7/],
  [{ requestId: "00000000-0001-7abc-8def-0123456789ab" }, /impossible time/],
  [{ source: 9 }, /source/],
  [{ source: 0 }, /source/],
  [{ outcome: 0 }, /outcome/],
  [{ tokenSource: 17 }, /token_source/],
  [{ attempt: 0, attemptId: `${REQUEST}.0`, recordId: `${REQUEST}.0:worker` }, /kept answer/],
  [{ attempt: 1001 }, /attempt number/],
  [{ attemptId: `${REQUEST}.2` }, /attempt_id/],
  [{ recordId: `${REQUEST}.1:ingress` }, /record_id/],
  [{ recordId: `${REQUEST}.1:worker.2`, revision: 1 }, /record_id/],
  [{ recordId: `${REQUEST}.1:worker.1000`, revision: 1_000 }, /revision/],
  [{ attribution: undefined }, /organisation/],
  [{ target: undefined }, /target/],
  [{ usage: { input: -1n } }, /token counts/],
  [{ usage: { input: 1n, cachedInput: 2n } }, /token counts/],
  [{ usage: { output: 10n ** 18n } }, /token counts/],
  [{ costPicoUsd: -1n }, /negative cost/],
  [{ costKnown: false }, /unknown/],
  [{ price: undefined }, /price/],
  [{ holds: [{ amountPicoUsd: -1n }] }, /hold/],
];

for (const [changes, reason] of IMPOSSIBLE) {
  test(`poison is named: ${reason.source} (${Object.keys(changes).join()})`, () => {
    const reading = readUsageRecord(record(changes));
    assert.equal(reading.kind, "poison");
    if (reading.kind === "poison") assert.match(reading.reason, reason);
  });
}

test("bytes that are no message are poison, not an exception", () => {
  for (const bytes of [
    new Uint8Array([0xff, 0xff, 0xff]),
    new TextEncoder().encode("hello, ledger"),
    new Uint8Array(),
  ]) {
    assert.equal(readUsageRecord(bytes).kind, "poison");
  }
});
