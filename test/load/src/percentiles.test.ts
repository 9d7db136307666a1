import assert from "node:assert/strict";
import { test } from "node:test";
import { added, percentiles } from "./percentiles.ts";

test("percentiles are samples, by nearest rank, over all parts together", () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => 100 - index);
  const all = percentiles([hundred.subarray(0, 30), hundred.subarray(30)]);
  assert.deepEqual(all, { count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
  assert.equal(percentiles([Float64Array.of(7)]).p99, 7);
  assert.ok(Number.isNaN(percentiles([]).p50));
});

test("what is added is a difference, and may be negative", () => {
  const five = percentiles([Float64Array.of(5)]);
  assert.equal(added(percentiles([Float64Array.of(8)]), five).p50, 3);
  assert.equal(added(percentiles([Float64Array.of(4)]), five).p50, -1);
});
