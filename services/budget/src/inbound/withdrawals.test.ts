import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWithdrawals } from "./withdrawals.ts";

test("a withdrawal is known by attempt and holder, for a minute", () => {
  let nowMs = 0;
  const withdrawals = makeWithdrawals(() => nowMs);
  withdrawals.add({ attemptId: "r1.1", holder: "h" });
  assert.deepEqual(
    [["r1.1", "h"] as const, ["r1.1", "h+1"] as const, ["r2.1", "h"] as const].map(([attemptId, holder]) =>
      withdrawals.has({ attemptId, holder }),
    ),
    [true, false, false],
  );
  nowMs = 59_000;
  withdrawals.add({ attemptId: "r3.1", holder: "h" });
  assert.ok(withdrawals.has({ attemptId: "r1.1", holder: "h" }));
  nowMs = 61_000;
  withdrawals.add({ attemptId: "r4.1", holder: "h" });
  assert.ok(!withdrawals.has({ attemptId: "r1.1", holder: "h" }));
  assert.ok(withdrawals.has({ attemptId: "r3.1", holder: "h" }));
});
