// Every way in which exports write a day is the same UTC day, and what is no UTC day is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayOf } from "./day-text.ts";

test("times of exports are UTC days", () => {
  for (const text of [
    ...["2026-10-03", "2026-10-03T00:00:00Z", "2026-10-03T23:59:59.999Z", "2026-10-03 07:00:00 UTC"],
    ...["2026-10-03T00:00:00+00:00", "10/03/2026", "10/3/2026", "1791028800", "2026-10-03 00:00:00", "1790985600.0"],
  ]) {
    assert.equal(dayOf(text), "2026-10-03", text);
  }
});

test("a day that is none, or of another zone, is refused", () => {
  for (const text of ["", "2026-02-29", "2026-13-01", "2026-10-03T00:00:00-07:00", "03.10.2026", "yesterday", "12"]) {
    assert.equal(dayOf(text), undefined, text);
  }
  assert.equal(dayOf("2028-02-29"), "2028-02-29");
});

test("Unix seconds are the day that a calendar says", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_577_836_800, max: 4_000_000_000 }), (seconds) => {
      assert.equal(dayOf(String(seconds)), new Date(seconds * 1_000).toISOString().slice(0, 10));
    }),
  );
});
