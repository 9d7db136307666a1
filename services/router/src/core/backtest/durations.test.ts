// How long answers took: within 5 %, alone and mixed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Durations } from "./durations.ts";

function durations(...ms: number[]): Durations {
  const made = new Durations();
  for (const one of ms) made.add(one);
  return made;
}
const isNear = (found: number, wanted: number) =>
  assert.ok(found >= wanted && found <= wanted * 1.06, `${found} for ${wanted}`);

test("half and 95 % of the answers, to 5 %", () => {
  const hundred = durations(...Array.from({ length: 100 }, (_, index) => (index + 1) * 100));
  isNear(hundred.quantile(0.5), 5_000);
  isNear(hundred.quantile(0.95), 9_500);
});

test("none are no answer, and the shortest and longest have a place", () => {
  assert.equal(durations().quantile(0.5), 0);
  assert.equal(durations(0).quantile(0.5), 1);
  assert.ok(durations(10 ** 12).quantile(0.5) > 0);
});

test("a mix is as if so many had taken as long as the others", () => {
  const mixed = new Durations();
  mixed.mix(durations(100), 30);
  mixed.mix(durations(1_000, 1_000), 70);
  assert.equal(mixed.total, 100);
  isNear(mixed.quantile(0.3), 100);
  isNear(mixed.quantile(0.31), 1_000);
});
