// When a webhook is told again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTry } from "./webhook-plan.ts";

const HOUR_MS = 3_600_000;

test("any 2xx is an end, 410 too, and everything else is tried again", () => {
  assert.deepEqual(nextTry(1, 204, 0), { kind: "delivered" });
  assert.deepEqual(nextTry(1, 410, 0), { kind: "given_up" });
  for (const answer of [301, 400, 429, 500, "timeout"]) assert.equal(nextTry(1, answer, 0).kind, "retry");
});

test("it is tried for about a day, ever more seldom, and then given up", () => {
  const waits: number[] = [];
  for (let tries = 1; ; tries += 1) {
    const next = nextTry(tries, 500, 0.5);
    if (next.kind !== "retry") {
      assert.deepEqual([next.kind, tries], ["given_up", 11]);
      break;
    }
    waits.push(next.afterMs);
  }
  assert.deepEqual(
    [...waits].sort((a, b) => a - b),
    waits,
  );
  const allMs = waits.reduce((sum, wait) => sum + wait, 0);
  assert.ok(allMs > 22 * HOUR_MS && allMs < 26 * HOUR_MS, String(allMs));
});

test("chance spreads a wait by a fifth either way", () => {
  assert.deepEqual(nextTry(2, 500, 0), { kind: "retry", afterMs: 4_000 });
  assert.deepEqual(nextTry(2, 500, 1), { kind: "retry", afterMs: 6_000 });
});
