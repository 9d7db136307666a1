// What is said of how far a backtest can be trusted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BacktestDoubts, BacktestSums } from "@waybill/wire";
import { confidenceOf } from "./confidence.ts";

const sums = (more: Partial<BacktestSums>) => BacktestSums.create(more);
const doubts = (more: Partial<BacktestDoubts>) => BacktestDoubts.create(more);

test("shares first, then each doubt that there is", () => {
  const total = sums({ requests: 1_000n, exact: 600n, estimated: 399n, unknown: 1n, compared: 999n });
  const found = confidenceOf(total, doubts({ otherAnswer: 399n, cacheReads: 3n, cacheReadsPicoUsd: "1500000000000" }));
  assert.deepEqual(
    found.map((sentence) => sentence.split(" ").slice(0, 6).join(" ")),
    [
      "60.0 % of the requests are",
      "39.9 % of the requests are",
      "0.1 % of the requests are",
      "1 of 1000 are compared with",
      "399 would be answered by another",
      "3 had input read from a",
    ],
  );
  assert.match(found.at(-1) ?? "", /up to \$1\.5 more$/);
});

test("nearly all is not all, and where all is certain nothing else is said", () => {
  const nearly = sums({ requests: 10_000n, exact: 9_999n, estimated: 1n, compared: 10_000n });
  assert.match(confidenceOf(nearly, doubts({}))[0] ?? "", /^99\.9 %/);
  const all = sums({ requests: 3n, exact: 3n, compared: 3n });
  assert.equal(confidenceOf(all, doubts({})).length, 3);
  assert.deepEqual(confidenceOf(sums({}), doubts({})), []);
});
