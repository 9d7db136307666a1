// Timeouts of one attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveTimeouts } from "./timeouts.ts";

const OWN = { connectMs: 5_000, firstTokenMs: 60_000, gapMs: 30_000, totalMs: 600_000 };

test("what the node does not say is the installation's", () => {
  assert.deepEqual(effectiveTimeouts(OWN, {}), OWN);
  assert.deepEqual(effectiveTimeouts(OWN, { firstTokenMs: 2_000 }), { ...OWN, firstTokenMs: 2_000 });
});

test("a total can only be shorter, and the others are never longer than it", () => {
  assert.equal(effectiveTimeouts(OWN, { totalMs: 3_600_000 }).totalMs, 600_000);
  assert.deepEqual(effectiveTimeouts(OWN, { totalMs: 10_000 }), {
    connectMs: 5_000,
    firstTokenMs: 10_000,
    gapMs: 10_000,
    totalMs: 10_000,
  });
});
