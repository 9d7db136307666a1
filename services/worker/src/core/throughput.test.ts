import assert from "node:assert/strict";
import { test } from "node:test";
import { Throughput } from "./throughput.ts";

test("each window of 30 s from the first content on must bring its share", () => {
  const throughput = new Throughput(10);
  assert.equal(throughput.isTooSlow(1_000_000), false, "before the first content there are other timeouts");
  throughput.came(290, 1_000_000);
  throughput.came(10, 1_029_000);
  assert.deepEqual([throughput.isTooSlow(1_029_999), throughput.isTooSlow(1_030_000)], [false, false]);
  throughput.came(299, 1_031_000);
  assert.deepEqual([throughput.isTooSlow(1_059_999), throughput.isTooSlow(1_060_000)], [false, true]);
});

test("without a share it may be as slow as it likes", () => {
  const throughput = new Throughput(0);
  throughput.came(1, 0);
  assert.equal(throughput.isTooSlow(600_000), false);
});
