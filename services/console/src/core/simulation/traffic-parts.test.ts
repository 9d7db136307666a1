// Recorded sums as the traffic of a month.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SpendRow } from "@waybill/wire";
import { fraction } from "./fraction.ts";
import { partsOfRecorded } from "./traffic-parts.ts";

test("ten days make a month three times, with every kind of token; models that nobody called are left out", () => {
  const row = SpendRow.fromPartial({
    values: ["openai/gpt-4o"],
    ...{ attempts: 4n, inputTokens: 1_002n, cachedInputTokens: 500n, cacheWrite5mTokens: 20n, cacheWrite1hTokens: 10n },
    ...{ outputTokens: 100n, reasoningTokens: 40n },
  });
  const parts = partsOfRecorded([row, SpendRow.fromPartial({ values: ["a/b"] })], fraction(30n, 10n));
  assert.deepEqual(parts, [
    {
      name: "openai/gpt-4o",
      calls: fraction(12n),
      tokens: {
        ...{ input: fraction(3_006n), cachedInput: fraction(1_500n), cacheWrite5m: fraction(60n) },
        ...{ cacheWrite1h: fraction(30n), output: fraction(300n), reasoningOutput: fraction(120n) },
      },
      callInputTokens: 251n,
    },
  ]);
});
