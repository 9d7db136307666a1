// What `npm run fault` asks for, read by the fault tests that it starts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readLauncherConfig } from "../config.ts";
import { faultHelp } from "./fault.ts";

// The fault tests are no package with a door: they read the setting in processes of their own.
const { seedsOf, faultScale } = (await import(new URL("../../../../test/stack/seeds.ts", import.meta.url).href)) as {
  seedsOf(given: string): number[];
  faultScale(): number;
};

const seedsWith = (WAYBILL_FAULT_SEEDS?: string): number[] =>
  seedsOf(readLauncherConfig(WAYBILL_FAULT_SEEDS === undefined ? {} : { WAYBILL_FAULT_SEEDS }).faultSeeds);

test("with nothing set, each fault is tried with the seeds 1 to 20, as the help says", () => {
  assert.deepEqual(
    seedsWith(),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.match(faultHelp, /default 20\.$/m);
});

test("a number alone is how many; a list is the seeds themselves, so that one can be replayed", () => {
  assert.deepEqual(seedsWith("1"), [1]);
  assert.deepEqual(seedsWith("3"), [1, 2, 3]);
  assert.deepEqual(seedsWith("3,7"), [3, 7]);
  assert.deepEqual(seedsWith("5-7,9"), [5, 6, 7, 9]);
  assert.deepEqual(seedsWith("17-17"), [17]);
});

test("what names no seed is refused before anything is built, and never runs nothing", () => {
  for (const text of ["0", "-1", "1.5", "twenty", "1-", "3,", "100000"]) {
    assert.throws(() => readLauncherConfig({ WAYBILL_FAULT_SEEDS: text }), /WAYBILL_FAULT_SEEDS must be/, text);
  }
  for (const text of ["0", "9-5", "3,", "1-x", "0-100000"]) {
    assert.throws(() => seedsOf(text), /WAYBILL_FAULT_SEEDS must be/, text);
  }
});

test("long waits are as long as in earnest, as the help says, and ten times shorter in CI", () => {
  assert.equal(readLauncherConfig({}).faultScale, "1");
  assert.equal(readLauncherConfig({ WAYBILL_FAULT_SCALE: "5" }).faultScale, "5");
  assert.throws(() => readLauncherConfig({ WAYBILL_FAULT_SCALE: "0" }), /WAYBILL_FAULT_SCALE must be/);
  assert.equal(faultScale(), Number(process.env.WAYBILL_FAULT_SCALE || 10));
});
