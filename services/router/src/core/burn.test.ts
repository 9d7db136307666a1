// The burn sizes grants: it follows the load up at once and down in seconds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Burn } from "./burn.ts";

test("a burst counts at once", () => {
  const burn = new Burn();
  burn.add(100n, 0);
  burn.add(50n, 999);
  assert.equal(burn.perSecond(999), 150n);
});

test("a steady burn is met within seconds, and is forgotten when it ends", () => {
  const burn = new Burn();
  for (let second = 0; second < 20; second += 1) burn.add(1_000n, second * 1_000);
  const rate = burn.perSecond(20_000);
  assert.ok(rate > 980n && rate <= 1_000n, `${rate}`);
  assert.ok(burn.perSecond(25_000) < 300n);
  assert.equal(burn.perSecond(100_000), 0n);
});
