// Bands cover every day and every size once, and the price of a day is the one at its beginning.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Price } from "@waybill/domain";
import { bandsOf } from "./baseline-rates.ts";

const rates = (input: bigint) => ({
  ...{ input, cachedInput: 1n, cacheWrite5m: 2n, cacheWrite1h: 3n, output: 4n, reasoningOutput: 5n },
});
const flat = (version: string, input: bigint): Price => ({
  ...{ version, tiers: [{ aboveInputTokens: 0n, rates: rates(input) }], perRequestPicoUsd: 7n },
});
const at = (time: string, price: Price) => ({ effectiveFromMs: Date.parse(time), price });
const days = (entries: Parameters<typeof bandsOf>[1], since = "2026-01-01") =>
  bandsOf("openai/big", entries, since).map(({ priceVersion, fromDay, untilDay }) => [priceVersion, fromDay, untilDay]);

test("a price of ever holds on every day", () => {
  assert.deepEqual(bandsOf("openai/big", [{ effectiveFromMs: 0, price: flat("v1", 9n) }], "2026-01-01"), [
    {
      ...{ model: "openai/big", fromDay: "-infinity", untilDay: "infinity", aboveInputTokens: 0n, priceVersion: "v1" },
      ...{ upToInputTokens: undefined, rates: rates(9n), perRequestPicoUsd: 7n },
    },
  ]);
});

test("a price that begins within a day holds from the next one, and no day has two", () => {
  const found = days([
    at("2026-12-01T00:00:00Z", flat("v2", 2n)),
    { effectiveFromMs: 0, price: flat("v1", 1n) },
    at("2026-12-05T10:00:00Z", flat("v3", 3n)),
    at("2026-12-05T20:00:00Z", flat("v4", 4n)),
  ]);
  assert.deepEqual(found, [
    ["v1", "-infinity", "2026-12-01"],
    ["v2", "2026-12-01", "2026-12-06"],
    ["v4", "2026-12-06", "infinity"],
  ]);
});

test("what ended before the baseline begins is left out", () => {
  const entries = [{ effectiveFromMs: 0, price: flat("v1", 1n) }, at("2026-12-01T00:00:00Z", flat("v2", 2n))];
  assert.deepEqual(days(entries, "2026-12-01"), [["v2", "2026-12-01", "infinity"]]);
  assert.deepEqual(days(entries, "2026-11-30").length, 2);
});

test("tiers touch: one ends where the next begins", () => {
  const tiers = [0n, 200_000n, 500_000n].map((aboveInputTokens) => ({ aboveInputTokens, rates: rates(1n) }));
  const bands = bandsOf(
    "m/m",
    [{ effectiveFromMs: 0, price: { version: "v", tiers, perRequestPicoUsd: 0n } }],
    "2026-01-01",
  );
  assert.deepEqual(
    bands.map(({ aboveInputTokens, upToInputTokens }) => [aboveInputTokens, upToInputTokens]),
    [
      [0n, 200_000n],
      [200_000n, 500_000n],
      [500_000n, undefined],
    ],
  );
});
