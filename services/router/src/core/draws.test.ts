// Draws: even for each node by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Draws } from "./draws.ts";

test("nested splits are independent: each node has a sequence of its own", () => {
  const draws = new Draws(() => 0.5);
  const inner: number[] = [];
  for (let n = 0; n < 10_000; n += 1) if (draws.next("outer") < 0.1) inner.push(draws.next("inner"));
  assert.ok(Math.abs(inner.length - 1_000) <= 2, `${inner.length}`);
  const low = inner.filter((draw) => draw < 0.5).length;
  assert.ok(Math.abs(low - 500) <= 2, `${low}`);
});

test("draws stay between 0 and 1", () => {
  const draws = new Draws(() => 0.999_999);
  for (let n = 0; n < 1_000; n += 1) {
    const draw = draws.next("node");
    assert.ok(draw >= 0 && draw < 1);
  }
});
