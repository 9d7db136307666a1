import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWirePrice, fromWireUsage, toWirePrice } from "./from-wire.ts";
import { Price } from "./gen/waybill/v1/money.ts";

const rates = { input: 1n, cachedInput: 2n, cacheWrite5m: 3n, cacheWrite1h: 4n, output: 5n, reasoningOutput: 6n };
const price = {
  version: "v1",
  tiers: [
    { aboveInputTokens: 0n, rates },
    { aboveInputTokens: 200_000n, rates: { ...rates, input: 9n } },
  ],
  perRequestPicoUsd: 7n,
};

test("a price survives the wire", () => {
  assert.deepEqual(fromWirePrice(Price.decode(Price.encode(toWirePrice(price)).finish())), price);
});

test("a price without rates is unknown, never free", () => {
  assert.equal(fromWirePrice(undefined), undefined);
  assert.equal(fromWirePrice(Price.fromPartial({ version: "v1" })), undefined);
  assert.equal(fromWirePrice(Price.fromPartial({ version: "v1", tiers: [{ aboveInputTokens: 0n }] })), undefined);
});

test("absent usage stays absent", () => {
  assert.equal(fromWireUsage(undefined), undefined);
});
