// Plans in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleBacktest } from "./backtest.test.ts";
import { makePaint } from "./colour.ts";
import { formatPlan, type PlannedRoute } from "./plan.ts";

const plain = makePaint(false);
const PLANNED: PlannedRoute = {
  ...{ name: "support", path: "routes/support.json", change: "changed", lines: ['~ m.model: "a" -> "b"'] },
  ...{ warnings: ["w"], problems: [], latestVersion: 2, deployedVersion: 1 },
};

test("what changes, what it would have cost, and what is left alone", () => {
  const backtest = sampleBacktest();
  const text = formatPlan([{ ...PLANNED, backtest }], ["other"], plain);
  assert.match(text, /support \(routes\/support\.json\): changed\n {2}~ m\.model: "a" -> "b"\n {2}warning: w/);
  assert.match(text, /10 requests from F to U: 4 would change model, 1 would be refused\n {2}cost: \$2 as it was/);
  assert.match(text, /Support +10 +4 +\$2 +unknown/);
  assert.match(text, /only on the server, left alone: other/);
});

test("no recorded decisions are said, and are not a cost of zero", () => {
  const text = formatPlan(
    [{ ...PLANNED, backtest: sampleBacktest({ requestCount: 0, actualUsd: null, thenUsd: null }) }],
    [],
    plain,
  );
  assert.match(text, /no decision of this route is recorded/);
  assert.doesNotMatch(text, /\$/);
});

test("a draft that is saved says what is in service; what is the same is one line", () => {
  const saved: PlannedRoute = { ...PLANNED, change: "saved" };
  const text = formatPlan(
    [saved, { ...PLANNED, name: "a", change: "same" }, { ...PLANNED, name: "b", change: "same" }],
    [],
    plain,
  );
  assert.match(text, /support .*: saved as version 2; version 1 is in service/);
  assert.match(text, /\n\nsame: a, b$/);
  assert.match(formatPlan([{ ...saved, deployedVersion: null }], [], plain), /; nothing is in service/);
});

test("problems are said with file, node and field", () => {
  const problems = [{ path: "a.json", node: "m", field: "model", problem: "x does not exist" }];
  const text = formatPlan([{ ...PLANNED, change: "same", problems }], [], plain);
  assert.match(text, /support .*: has problems\n(?:.*\n)*.*problem: a\.json: m: model: x does not exist/);
});

test("no files are said", () => {
  assert.equal(formatPlan([], [], plain), "no route files");
});
