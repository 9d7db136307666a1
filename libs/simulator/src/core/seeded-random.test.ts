// The same text has the same hash, and the same seed the same numbers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText, seededRandom } from "./seeded-random.ts";

test("a hash over two texts is that of the texts together", () => {
  assert.equal(hashText("bill", hashText("way")), hashText("waybill"));
  assert.notEqual(hashText("waybill"), hashText("Waybill"));
});

test("the same seed gives the same numbers, from 0 to under 1", () => {
  const one = seededRandom(7);
  const other = seededRandom(7);
  for (let n = 0; n < 1_000; n++) {
    const number = one();
    assert.equal(number, other());
    assert.ok(number >= 0 && number < 1);
  }
  assert.notEqual(seededRandom(8)(), seededRandom(7)());
});
