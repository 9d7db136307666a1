// The waits follow the model's pace and never vary for the same seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokenWaitsMs } from "./timing.ts";

const pace = { firstTokenMsMin: 150, firstTokenMsMax: 250, tokensPerSecond: 100 };

test("the first token comes within its range, the others at the pace with up to 30 % of jitter", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [firstMs = 0, ...gapsMs] = tokenWaitsMs(pace, 200, seed);
      assert.ok(firstMs >= 150 && firstMs <= 250);
      for (const gapMs of gapsMs) assert.ok(gapMs >= 7 && gapMs <= 13);
      const meanMs = gapsMs.reduce((sum, ms) => sum + ms, 0) / gapsMs.length;
      assert.ok(Math.abs(meanMs - 10) < 1, `${meanMs}`);
      assert.deepEqual(tokenWaitsMs(pace, 200, seed), [firstMs, ...gapsMs]);
    }),
    { numRuns: 50 },
  );
});
