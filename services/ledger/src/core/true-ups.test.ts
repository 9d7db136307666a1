// Differences become true-ups of the same sum, and none of them is in a closed month.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Difference, planTrueUps, sumOfDifferences } from "./true-ups.ts";

const difference = (day: string, differencePicoUsd: bigint): Difference => ({
  ...{ day, account: "a", model: "m", cause: "price", invoicedPicoUsd: 5n, bookedPicoUsd: 3n, differencePicoUsd },
});

test("a true-up lies in the month of its day, or in the first that is open", () => {
  let count = 0;
  const makeId = (): string => `id-${++count}`;
  const planned = planTrueUps([difference("2026-09-30", 2n), difference("2026-10-03", -1n)], "2026-09-01", makeId);
  assert.deepEqual(
    planned.map(({ id, day, amountPicoUsd, accountingMonth }) => [id, day, amountPicoUsd, accountingMonth]),
    [
      ["id-1", "2026-09-30", 2n, "2026-10-01"],
      ["id-2", "2026-10-03", -1n, "2026-10-01"],
    ],
  );
});

test("the sum of the true-ups is the sum of the differences", () => {
  const days = fc.constantFrom("2026-01-31", "2026-09-01", "2026-12-31");
  fc.assert(
    fc.property(fc.array(fc.tuple(days, fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }))), (rows) => {
      const differences = rows.map(([day, amount]) => difference(day, amount));
      const planned = planTrueUps(differences, "2026-09-01", () => "id");
      assert.equal(
        planned.reduce((sum, { amountPicoUsd }) => sum + amountPicoUsd, 0n),
        sumOfDifferences(differences),
      );
      assert.ok(planned.every(({ accountingMonth }) => accountingMonth > "2026-09-01"));
    }),
  );
});
