// What is left, for people to read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Remaining } from "./remaining.ts";

const figures = (limit: bigint, posted: bigint, held = 0n, granted = 0n) => ({ limit, posted, held, granted });

test("the tightest budget counts, with what is in hand here", () => {
  const remaining = new Remaining();
  remaining.told("wide", figures(1_000n, 100n));
  remaining.told("tight", figures(100n, 50n, 10n, 30n));
  const inHand = (id: string): bigint => (id === "tight" ? 25n : 0n);
  assert.equal(remaining.tightest([{ id: "wide" }, { id: "tight" }], inHand), 35n);
});

test("exact holds since the last standing are taken off, and it is never below zero", () => {
  const remaining = new Remaining();
  remaining.told("b", figures(100n, 0n));
  remaining.placed("b", 30n);
  assert.equal(
    remaining.tightest([{ id: "b" }], () => 0n),
    70n,
  );
  remaining.placed("b", 300n);
  assert.equal(
    remaining.tightest([{ id: "b" }], () => 0n),
    0n,
  );
  remaining.told("b", figures(100n, 0n, 60n));
  assert.equal(
    remaining.tightest([{ id: "b" }], () => 0n),
    40n,
  );
});

test("what nobody told is unknown, not zero", () => {
  const remaining = new Remaining();
  assert.equal(
    remaining.tightest([{ id: "b" }], () => 5n),
    undefined,
  );
  remaining.told("b", figures(1n, 0n));
  remaining.forget(() => false);
  assert.equal(
    remaining.tightest([{ id: "b" }], () => 5n),
    undefined,
  );
});
