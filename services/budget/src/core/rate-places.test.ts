// Places for requests at a time: never more than there are, back when they are free, and some for everybody.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RateWanted } from "./rate-bucket.ts";
import { noPlacesOut, type PlacesState, placesOut, sharePlaces } from "./rate-places.ts";

function want(teamId: string, waiting: number, out: number, holder = "r1"): RateWanted {
  return { holder, teamId, waiting, ahead: 0, demand: waiting, back: 0, least: 1, out };
}

const given = (state: PlacesState, wanted: RateWanted[], atMs: number): number[] =>
  sharePlaces(state, 4, wanted, atMs).map(({ given: part }) => part);

test("as many as there are, over all routers, and again when they are back", () => {
  const state = noPlacesOut(0);
  assert.deepEqual(given(state, [want("a", 3, 0), want("a", 3, 0, "r2")], 0), [3, 1]);
  assert.deepEqual(sharePlaces(state, 4, [want("a", 1, 3)], 10), [{ given: 0, waitMs: 100 }]);
  assert.deepEqual(given(state, [want("a", 0, 1)], 20), [0]);
  assert.deepEqual(given(state, [want("a", 3, 1, "r2")], 30), [2]);
  assert.equal(placesOut(state), 4);
});

test("what a router says counts, not what it was given: an answer that never came takes no place", () => {
  const state = noPlacesOut(0);
  given(state, [want("a", 4, 0)], 0);
  assert.deepEqual(given(state, [want("a", 4, 0)], 10), [4]);
});

test("a router that is silent is gone, and its places with it", () => {
  const state = noPlacesOut(0);
  given(state, [want("a", 4, 0)], 0);
  assert.deepEqual(given(state, [want("a", 1, 0, "r2")], 4_000), [0]);
  assert.deepEqual(given(state, [want("a", 1, 0, "r2")], 6_000), [1]);
});

test("a loud team leaves a place to a quiet one that asked a moment ago, until that one has its part", () => {
  const state = noPlacesOut(0);
  assert.deepEqual(given(state, [want("loud", 9, 0), want("quiet", 1, 0, "r2")], 0), [3, 1]);
  // The quiet one's is free, and stays so for a while.
  assert.deepEqual(given(state, [want("loud", 9, 3), want("quiet", 0, 0, "r2")], 100), [0, 0]);
  assert.deepEqual(given(state, [want("quiet", 3, 0, "r2")], 5_000), [1]);
  // A place of the loud one's becomes free, and is the quiet one's: it has less than half.
  assert.deepEqual(given(state, [want("loud", 9, 2), want("quiet", 1, 1, "r2")], 5_100), [0, 1]);
  assert.deepEqual(given(state, [want("loud", 9, 1), want("quiet", 1, 2, "r2")], 5_200), [1, 0]);
  // Nobody has heard of it for long: all is the loud one's.
  given(state, [want("quiet", 0, 0, "r2")], 9_000);
  assert.deepEqual(given(state, [want("loud", 9, 2)], 20_000), [2]);
});
