// What options take.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectNames, collectPair, moment, momentOrNever, spanMs, wholeNumber } from "./option-values.ts";

test("pairs are collected; a value may hold an equals sign and may be empty", () => {
  assert.deepEqual(collectPair("b=c=d", { a: "1" }), { a: "1", b: "c=d" });
  assert.deepEqual(collectPair("b=", {}), { b: "" });
  for (const text of ["b", "=c", ""]) assert.throws(() => collectPair(text, {}), /name=value/);
});

test("numbers are whole and within their bounds", () => {
  const read = wholeNumber(0, 720);
  assert.deepEqual([read("0"), read("720")], [0, 720]);
  for (const text of ["-1", "721", "1.5", "1e2", "x", "", " 1"]) assert.throws(() => read(text), /from 0 to 720/);
});

test("spans are minutes, hours and days", () => {
  assert.deepEqual([spanMs("90m"), spanMs("24h"), spanMs("7d")], [5_400_000, 86_400_000, 604_800_000]);
  for (const text of ["1w", "h", "", "-1h", "1 h", "1h2m"]) assert.throws(() => spanMs(text), /like 90m/);
});

test("names are collected by repeating and by commas", () => {
  assert.deepEqual(collectNames("a, b", undefined), ["a", "b"]);
  assert.deepEqual(collectNames("c,", ["a"]), ["a", "c"]);
});

test("a moment is a day or ISO 8601, and never is null", () => {
  assert.equal(momentOrNever("never"), null);
  assert.equal(momentOrNever("2027-01-31"), "2027-01-31T00:00:00.000Z");
  assert.equal(momentOrNever("2027-01-31T12:00:00+02:00"), "2027-01-31T10:00:00.000Z");
  for (const text of ["", "soon", "1", "2027-13-01", "2027-01-31T12"])
    for (const read of [momentOrNever, moment]) assert.throws(() => read(text), /like 2027/);
  assert.equal(moment("2027-01-31"), "2027-01-31T00:00:00.000Z");
  assert.throws(() => moment("never"), /like 2027/);
});
