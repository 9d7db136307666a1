// A choice that holds nothing is told what was said then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DecisionInputs } from "@waybill/wire";
import { NOTHING_HELD } from "../explain.ts";
import { RecordedWorld } from "../recorded-world.ts";
import { resolveDraft } from "../resolve.ts";
import { END, modelNode, sampleRoute, startAt } from "../route/sample-routes.ts";
import { sampleModel } from "../sample-models.ts";
import { SampleWorld, sampleQuestion } from "../sample-question.ts";
import { Snapshot } from "../snapshot.ts";
import { askFirst } from "./ask.ts";
import { chooseAsRecorded } from "./choose-as-recorded.ts";

const snapshot = Snapshot.of({ models: [sampleModel("a/m")], aliases: [], filters: [], dialects: [] });
const route = sampleRoute([startAt("m"), modelNode("m", "a/m"), END]);

function choose(holds: DecisionInputs["holds"] | undefined) {
  const question = sampleQuestion();
  const world = new SampleWorld();
  const resolution = resolveDraft(route, question, snapshot, world);
  if ("problem" in resolution) return assert.fail(resolution.problem);
  const recorded = holds && new RecordedWorld(DecisionInputs.fromPartial({ holds }), "r");
  return chooseAsRecorded(askFirst(question, resolution.itinerary), snapshot, world, recorded);
}

const HELD = DecisionInputs.fromPartial({
  holds: [{ id: "a/m", verdict: "held", heldPicoUsd: 9n, maxOutputTokens: 3n }],
}).holds;

test("a hold of then is given again with its figures, and a refusal is one again", () => {
  const { choice, figures } = choose(HELD);
  assert.equal(choice.outcome.kind, "chosen");
  assert.deepEqual(figures, { heldPicoUsd: 9n, maxOutputTokens: 3n, clamped: false });
  const refused = HELD.map((hold) => ({ ...hold, verdict: "unavailable" }));
  assert.equal(choose(refused).choice.outcome.kind, "refused");
});

test("without a record everything is paid for", () => {
  const { choice, figures } = choose(undefined);
  assert.deepEqual([choice.outcome.kind, figures], ["chosen", NOTHING_HELD]);
});
