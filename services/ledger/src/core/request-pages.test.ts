// Places between request ids, and the way back through months.

import assert from "node:assert/strict";
import { test } from "node:test";
import { firstUuidOf } from "@waybill/domain";
import { decodePlace, encodePlace, fittingCount, stretchBefore, timeOfId } from "./request-pages.ts";

const AT = Date.parse("2026-11-03T10:00:00.123Z");
const FROM = Date.parse("2026-09-20T00:00:00Z");

test("a moment is the place before all ids of its millisecond", () => {
  const id = firstUuidOf(AT);
  assert.equal(timeOfId(id), AT);
  const [before, of] = [
    `${firstUuidOf(AT - 1).slice(0, 13)}-7fff-bfff-ffffffffffff`,
    `${id.slice(0, 13)}-7000-8000-000000000000`,
  ];
  assert.ok(before < id && id < of);
});

test("a place comes back as it went, and anything else is none", () => {
  const place = { beforeId: "0190aaaa-0000-7000-8000-00000000000a", fromMs: FROM };
  assert.deepEqual(decodePlace(encodePlace(place)), place);
  for (const text of [
    "",
    "1",
    `x_${place.beforeId}`,
    `${FROM}_${place.beforeId} `,
    `-1_${place.beforeId}`,
    `${FROM}_`,
  ]) {
    assert.equal(decodePlace(text), undefined, text);
  }
});

test("a search goes back month by month, and ends where it is to", () => {
  const stretches = [];
  for (let beforeId = firstUuidOf(AT); ; ) {
    const stretch = stretchBefore({ beforeId, fromMs: FROM });
    if (!stretch) break;
    stretches.push([stretch.month, new Date(timeOfId(stretch.fromId)).toISOString()]);
    beforeId = stretch.fromId;
  }
  assert.deepEqual(stretches, [
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-10-01", "2026-10-01T00:00:00.000Z"],
    ["2026-09-01", "2026-09-20T00:00:00.000Z"],
  ]);
});

test("behind a request of the first millisecond there is the rest of that millisecond", () => {
  const id = `${firstUuidOf(FROM).slice(0, 13)}-7abc-8000-000000000000`;
  assert.deepEqual(stretchBefore({ beforeId: id, fromMs: FROM }), { month: "2026-09-01", fromId: firstUuidOf(FROM) });
});

test("an answer holds what fits, and never nothing of something", () => {
  assert.equal(fittingCount([1, 2, 3]), 3);
  assert.equal(fittingCount([]), 0);
  assert.equal(fittingCount([4e6, 1]), 1);
  assert.equal(fittingCount([2e6, 1e6, 1e6]), 2);
});
