import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("defaults, --quick and numbers", () => {
  assert.equal(readOptions(["--help"]), undefined);
  assert.deepEqual(readOptions([])?.rounds, { saturation: 3, latency: 2, streams: 2 });
  assert.equal(readOptions(["--quick"])?.seconds, 3);
  assert.equal(readOptions(["--quick", "--seconds", "7", "--rate", "50"])?.seconds, 7);
  assert.equal(readOptions(["--rate", "50"])?.ratePerSecond, 50);
  assert.deepEqual([readOptions([])?.hold, readOptions([])?.clients], [false, 1_000]);
  assert.equal(readOptions(["--hold", "--clients", "7"])?.clients, 7);
});

test("what makes no sense is refused with a sentence", () => {
  assert.throws(() => readOptions(["--rate", "fast"]), /--rate must be a whole number/);
  assert.throws(() => readOptions(["--seconds", "0"]), /--seconds/);
  assert.throws(() => readOptions(["--sekonds", "3"]), /sekonds/);
});
