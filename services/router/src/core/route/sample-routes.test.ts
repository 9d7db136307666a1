// The samples are what tests believe them to be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, limitNode, modelNode, sampleRoute, startAt } from "./sample-routes.ts";

test("sample nodes make a route", () => {
  const nodes = [startAt("l"), limitNode("l", "a", "b"), modelNode("a", "sim/a", "b"), modelNode("b", "sim/b"), END];
  const { organisationId, name, version, start } = sampleRoute(nodes, 3);
  assert.deepEqual([organisationId, name, version, start.id], ["", "r", 3, "start"]);
});

test("what is no route is an error that says why", () => {
  assert.throws(() => sampleRoute([startAt("nowhere"), END]), /nowhere/);
});
