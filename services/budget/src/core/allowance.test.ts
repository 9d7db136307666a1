import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { affords, allowedAmount, limitOf, restOf, roomAtMs, standingOf, unspentOf } from "./allowance.ts";
import { rollingWindow, sampleWindow } from "./sample-books.test.ts";

test("the rest is the limit, with what was carried over and a raise, less what is posted, held and granted", () => {
  const window = sampleWindow(0, 10n);
  Object.assign(window, { postedPicoUsd: 5n, heldPicoUsd: 4n, grantedPicoUsd: 3n });
  assert.equal(restOf(window), -2n);
  Object.assign(window, { carriedInPicoUsd: 7n, raisedPicoUsd: 20n });
  assert.deepEqual([limitOf(window), restOf(window), unspentOf(window)], [37n, 25n, 5n]);
  window.raisedPicoUsd = 0n;
  window.carriedInPicoUsd = -1n;
  assert.deepEqual([restOf(window), unspentOf(window)], [-3n, 0n]);
});

test("a hard budget allows at most what is wanted and what is left, and a share of it where the output is not bounded", () => {
  const money = fc.bigInt(0n, 1_000n);
  fc.assert(
    fc.property(
      money,
      money,
      fc.boolean(),
      fc.bigInt(-50n, 1_000n),
      fc.integer({ min: 1, max: 100 }),
      (a, b, boundedByShare, rest, maxSharePercent) => {
        const [leastPicoUsd, wantPicoUsd] = a < b ? [a, b] : [b, a];
        const ask = { wantPicoUsd, leastPicoUsd, boundedByShare };
        const allowed = allowedAmount({ enforcement: "hard", maxSharePercent }, rest, ask);
        const left = rest > 0n ? rest : 0n;
        assert.ok(allowed <= wantPicoUsd && allowed <= left);
        assert.equal(allowed >= leastPicoUsd, left >= leastPicoUsd);
        if (boundedByShare) assert.ok(allowed * 100n <= left * BigInt(maxSharePercent) || allowed <= leastPicoUsd);
      },
    ),
  );
});

test("a soft budget gives all as long as anything is left, an observing one always", () => {
  const ask = { wantPicoUsd: 50n, leastPicoUsd: 50n, boundedByShare: true };
  for (const enforcement of ["soft", "observe"] as const) {
    assert.equal(allowedAmount({ enforcement, maxSharePercent: 1 }, 1n, ask), 50n);
  }
  const afforded = (["hard", "soft", "observe"] as const).map((enforcement) =>
    [50n, 49n, 1n, 0n].map((rest) => affords({ enforcement }, rest, 50n)),
  );
  assert.deepEqual(afforded, [
    [true, false, false, false],
    [true, true, true, false],
    [true, true, true, true],
  ]);
});

test("there is room again at the end of the window, or when enough of a rolling one has left", () => {
  assert.equal(roomAtMs(sampleWindow(0, 10n), 5n), 1_000_000);
  const window = rollingWindow(0, 10n, 60_000);
  assert.equal(roomAtMs(window, 5n), undefined);
  window.rolling?.byBucket.set(3, 4n).set(9, 5n);
  window.postedPicoUsd = 9n;
  assert.deepEqual([roomAtMs(window, 5n), roomAtMs(window, 6n)], [64_000, 70_000]);
  assert.equal(standingOf(window).resetsAtMs, 64_000);
});
