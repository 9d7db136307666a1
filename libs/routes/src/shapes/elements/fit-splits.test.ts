// Splits with more or equal shares than elements can have: every target keeps its share of the traffic.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RouteNode, SplitNode } from "../../document/route-document.ts";
import { Notes } from "../notes.ts";
import { fitSplits } from "./fit-splits.ts";

function route(percents: readonly number[]): RouteNode[] {
  const ends = percents.map((_, index): RouteNode => ({ id: `e${index}`, kind: "end" }));
  const shares = percents.map((percent, index) => ({ percent, next: `e${index}` }));
  return [{ id: "start", kind: "start", next: "s" }, { id: "s", kind: "split", shares, by: "random" }, ...ends];
}
function splitsOf(nodes: readonly RouteNode[]): SplitNode[] {
  return nodes.filter((node): node is SplitNode => node.kind === "split");
}
/** Percent of the traffic that reaches each end. */
function traffic(nodes: readonly RouteNode[]): Map<string, number> {
  const splits = new Map(splitsOf(nodes).map((split) => [split.id, split]));
  const reached = new Map<string, number>();
  const send = (to: string, percent: number): void => {
    const split = splits.get(to);
    if (!split) reached.set(to, (reached.get(to) ?? 0) + percent);
    else for (const share of split.shares) send(share.next, (percent * share.percent) / 100);
  };
  send("s", 100);
  return reached;
}

test("two halves are a half and two parts of the other, or a half and the rest", () => {
  const notes = new Notes();
  const [halves] = splitsOf(fitSplits(route([50, 50]), false, notes));
  assert.deepEqual(halves?.shares, [
    { percent: 50, next: "e0" },
    { percent: 49, next: "e1" },
    { percent: 1, next: "e1" },
  ]);
  assert.equal(notes.warnings.length, 1);
  const quiet = new Notes();
  assert.deepEqual(fitSplits(route([50, 50]), true, quiet), route([50, 50]));
  assert.deepEqual(quiet.warnings, []);
});

test("what fits is left as it is", () => {
  const notes = new Notes();
  assert.deepEqual(fitSplits(route([10, 20, 30, 25, 15]), false, notes), route([10, 20, 30, 25, 15]));
  assert.deepEqual(notes.warnings, []);
});

test("sixteen equal shares become splits inside each other, and nobody loses any of it", () => {
  const nodes = fitSplits(route(Array.from({ length: 16 }, () => 6.25)), false, new Notes());
  const reached = [...traffic(nodes).values()];
  assert.equal(reached.length, 16);
  assert.ok(reached.every((percent) => Math.abs(percent - 6.25) < 1e-9));
});

test("every share stays within the rounding that is warned of, and every split fits", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 15 });
  fc.assert(
    fc.property(cuts, fc.boolean(), (unordered, hasElse) => {
      const ordered = [0, ...unordered.sort((one, other) => one - other), 10_000];
      const percents = ordered.slice(1).map((cut, index) => (cut - (ordered[index] ?? 0)) / 100);
      const notes = new Notes();
      const nodes = fitSplits(route(percents), hasElse, notes);
      for (const { shares } of splitsOf(nodes)) {
        const named = (hasElse ? shares.slice(0, -1) : shares).map(({ percent }) => percent);
        assert.ok(shares.length <= 5 && new Set(named).size === named.length);
        assert.equal(
          shares.reduce((sum, { percent }) => sum + Math.round(percent * 100), 0),
          10_000,
        );
      }
      const isRounded = notes.warnings.some((warning) => warning.includes("rounded"));
      const reached = traffic(nodes);
      percents.forEach((percent, index) => {
        const off = Math.abs((reached.get(`e${index}`) ?? 0) - percent);
        assert.ok(off <= (isRounded ? 0.1 : 1e-9), `${percent} became ${reached.get(`e${index}`)}`);
      });
    }),
    { numRuns: 500 },
  );
});
