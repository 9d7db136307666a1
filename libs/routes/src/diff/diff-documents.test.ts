// The difference of two documents: what an owner of a route sees before it goes live.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRouteDocument } from "../document/read-document.ts";
import type { RouteDocument } from "../document/route-document.ts";
import { diffDocuments } from "./diff-documents.ts";
import { formatDiff } from "./format-diff.ts";

function route(...nodes: object[]): RouteDocument {
  const { document, problems } = readRouteDocument({ nodes });
  assert.deepEqual(problems, []);
  return document;
}

const START = { id: "start", kind: "start", next: "plan" };
const PLAN = { id: "plan", kind: "if", condition: 'metadata.plan == "paid"', whenTrue: "big", whenFalse: "small" };
const BIG = { id: "big", kind: "model", model: "openai/gpt-4.1", next: "end", fallback: "small" };
const SMALL = { id: "small", kind: "model", model: "openai/gpt-4.1-mini", next: "end" };
const END = { id: "end", kind: "end" };

test("the same nodes in another order are no difference", () => {
  const diff = diffDocuments(route(START, PLAN, BIG, SMALL, END), route(END, SMALL, BIG, PLAN, START));
  assert.deepEqual(diff, { added: [], removed: [], changed: [] });
  assert.deepEqual(formatDiff(diff), []);
});

test("every change is told with its node, its field and both values, in a stable order", () => {
  const before = route(START, PLAN, BIG, SMALL, END, { id: "old", kind: "end" });
  const month = { kind: "calendar", period: "month" };
  const after = route(
    { id: "gate", kind: "limit", metric: "cost", amount: "5", window: month, within: "big", exceeded: "small" },
    END,
    { ...SMALL, timeouts: { firstTokenMs: 500 }, fallbackOn: ["timeout"] },
    { id: "big", kind: "model", model: "openai/gpt-5", next: "end", retries: 2 },
    { ...PLAN, condition: { "metadata.plan": "paid" }, whenTrue: "gate" },
    START,
    { id: "coin", kind: "split", shares: [{ percent: 100, next: "end" }] },
  );
  assert.deepEqual(formatDiff(diffDocuments(before, after)), [
    "+ coin (split)",
    "+ gate (limit)",
    "- old (end)",
    "~ big.fallback: small -> (none)",
    "~ big.model: openai/gpt-4.1 -> openai/gpt-5",
    "~ big.retries: 0 -> 2",
    '~ plan.condition: metadata.plan == "paid" -> {"metadata.plan":"paid"}',
    "~ plan.whenTrue: big -> gate",
    '~ small.fallbackOn: ["error","timeout","rate_limited","context_too_long"] -> ["timeout"]',
    "~ small.timeouts.firstTokenMs: (none) -> 500",
  ]);
});

test("shares and windows are compared part by part, and a node of another kind is a changed node", () => {
  const split = (...percents: number[]) => ({
    id: "x",
    kind: "split",
    shares: percents.map((percent) => ({ percent, next: "end" })),
  });
  const start = { ...START, next: "x" };
  assert.deepEqual(formatDiff(diffDocuments(route(start, split(50, 50), END), route(start, split(60, 30, 10), END))), [
    "~ x.shares[0].percent: 50 -> 60",
    "~ x.shares[1].percent: 50 -> 30",
    "~ x.shares[2].next: (none) -> end",
    "~ x.shares[2].percent: (none) -> 10",
  ]);
  const { changed } = diffDocuments(
    route({ ...START, next: "big" }, { ...BIG, fallback: "end" }, END),
    route({ ...START, next: "big" }, { id: "big", kind: "end" }, END),
  );
  assert.deepEqual(
    changed[0]?.fields.find(({ field }) => field === "kind"),
    { field: "kind", from: "model", to: "end" },
  );
});

test("a change stays one line, whatever the text holds", () => {
  const other = { ...PLAN, condition: 'metadata.plan ==\n "paid"' };
  const lines = formatDiff(diffDocuments(route(START, PLAN, BIG, SMALL, END), route(START, other, BIG, SMALL, END)));
  assert.deepEqual(lines, ['~ plan.condition: metadata.plan == "paid" -> metadata.plan ==  "paid"']);
});
