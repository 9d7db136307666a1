// Recorded requests on a draft: where they would go, and what of that nobody recorded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, limitNode, modelNode, sampleRoute, startAt } from "../route/sample-routes.ts";
import { sampleModel } from "../sample-models.ts";
import { Snapshot } from "../snapshot.ts";
import { runAgain } from "./run-again.ts";
import { sampleRecord } from "./sample-record.ts";

const snapshot = Snapshot.of({
  models: [sampleModel("a/m"), sampleModel("b/m")],
  ...{ aliases: [["other", "b/m"]], filters: [], dialects: [] },
});
const to = (model: string) => sampleRoute([startAt("m"), modelNode("m", model), END]);
const NOTHING = { draw: false, model: false, hold: false, budget: false };

test("a request goes where the draft sends it, also by an alias", () => {
  const same = runAgain(sampleRecord("a/m"), to("a/m"), snapshot);
  assert.deepEqual([same?.before, same?.after, same?.unrecorded], [{ model: "a/m" }, { model: "a/m" }, NOTHING]);
  const other = runAgain(sampleRecord("a/m"), to("other"), snapshot);
  assert.deepEqual([other?.after, other?.entry?.id], [{ model: "b/m" }, "b/m"]);
  assert.deepEqual(other?.unrecorded, { ...NOTHING, model: true }, "nobody looked at the other model then");
});

test("a filter that blocked the input blocks it on any draft", () => {
  const record = sampleRecord("");
  record.inputs?.features?.filterFindings.push({ filter: "pii", kind: "email", action: "block", count: 1 });
  assert.deepEqual(runAgain(record, to("a/m"), snapshot)?.after, { refusalCode: "content_filtered" });
});

test("what was refused then may be served, and the other way round", () => {
  assert.deepEqual(runAgain(sampleRecord(""), to("a/m"), snapshot)?.before, { refusalCode: "no_workers" });
  const away = sampleRecord("b/m");
  away.inputs?.models.push({ ...DOWN, id: "a/m" });
  const { after, entry } = runAgain(away, to("a/m"), snapshot) ?? assert.fail();
  assert.deepEqual([after, entry], [{ refusalCode: "no_workers" }, undefined]);
});

test("a split that drew then draws the same again; a new one is a doubt", () => {
  const shares = [
    { percent: 50, next: "m" },
    { percent: 50, next: "n" },
  ];
  const draft = sampleRoute([
    ...[startAt("s"), { id: "s", kind: "split", shares }],
    ...[modelNode("m", "a/m"), modelNode("n", "b/m"), END],
  ]);
  const drawn = sampleRecord("a/m");
  if (drawn.inputs) drawn.inputs.draws = { s: 0.9 };
  assert.deepEqual(runAgain(drawn, draft, snapshot)?.after, { model: "b/m" });
  assert.equal(runAgain(drawn, draft, snapshot)?.unrecorded.draw, false);
  assert.equal(runAgain(sampleRecord("a/m"), draft, snapshot)?.unrecorded.draw, true);
});

test("money or a limit that nobody asked for then is a doubt", () => {
  const limited = sampleRoute([startAt("l"), limitNode("l", "m", "m"), modelNode("m", "a/m"), END]);
  assert.equal(runAgain(sampleRecord("a/m"), limited, snapshot)?.unrecorded.hold, true);
  const budgeted = sampleRecord("b/m");
  budgeted.inputs?.models.push({ ...DOWN, id: "b/m", live: true, circuit: "closed", admitted: true, budgeted: true });
  assert.equal(runAgain(budgeted, to("a/m"), snapshot)?.unrecorded.hold, true);
  assert.equal(runAgain(sampleRecord("b/m"), to("a/m"), snapshot)?.unrecorded.hold, false);
});

test("a record without what it was made from cannot be run", () => {
  assert.equal(runAgain({ ...sampleRecord("a/m"), inputs: undefined }, to("a/m"), snapshot), undefined);
});

const DOWN = {
  ...{ live: false, circuit: "closed", errorShare: 0, firstTokenMs: 0, version: 1 },
  ...{ admitted: false, budgeted: false, hardBudget: false },
};
