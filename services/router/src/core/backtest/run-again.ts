// One recorded request on a draft: where it went, where it would go, and what of that was never recorded.
import type { DecisionRecord } from "@waybill/wire";
import { askFirst } from "../choose/ask.ts";
import { chooseAsRecorded } from "../choose/choose-as-recorded.ts";
import { readQuestion } from "../question.ts";
import { RecordedWorld } from "../recorded-world.ts";
import { resolveDraft } from "../resolve.ts";
import type { CompiledRoute } from "../route/compiled-route.ts";
import type { ModelEntry, Snapshot } from "../snapshot.ts";

/** Where a request goes: a model, or nowhere for a reason. */
export type Way = { model: string } | { refusalCode: string };

/** What the draft looked at and the record does not hold. */
interface Unrecorded {
  /** The chance of a split. */
  draw: boolean;
  /** The state of a model: taken to be well. */
  model: boolean;
  /** Whether there was money for it: taken to be given. */
  hold: boolean;
  /** A budget that a condition looks at. */
  budget: boolean;
}

export interface RunAgain {
  teamId: string;
  teamName: string;
  decidedAtMs: number;
  before: Way;
  after: Way;
  /** Of the model it would go to. */
  entry: ModelEntry | undefined;
  unrecorded: Unrecorded;
  /** Most tokens of the answer that were asked for, of all choices together; 0: not said. */
  maxOutputTokens: bigint;
}

/** Undefined: the record lacks what a decision is made from. */
export function runAgain(record: DecisionRecord, draft: CompiledRoute, snapshot: Snapshot): RunAgain | undefined {
  const { requestId, attribution, inputs, explanation, decidedAtMs } = record;
  const { features, allowedModels = [] } = inputs ?? {};
  const question = readQuestion({ requestId, ingressId: "", attribution, features, allowedModels });
  if (!question || !inputs || !explanation) return undefined;
  const world = new RecordedWorld(inputs, requestId);
  const resolution = resolveDraft(draft, question, snapshot, world);
  const { target, refusalCode } = explanation;
  const { teamId, teamName } = question.attribution;
  const { maxOutputTokens, choiceCount } = question.features;
  const about = {
    ...{ teamId, teamName, decidedAtMs: Number(decidedAtMs) },
    before: target ? { model: `${target.provider}/${target.model}` } : { refusalCode },
    maxOutputTokens: maxOutputTokens * BigInt(Math.max(1, choiceCount)),
  };
  const { draw, budget } = world.unrecorded;
  const nothing = { draw, budget, model: draft.readsModels && inputs.models.length === 0, hold: false };
  if ("problem" in resolution) {
    return { ...about, after: { refusalCode: resolution.problem }, entry: undefined, unrecorded: nothing };
  }
  const { outcome } = chooseAsRecorded(askFirst(question, resolution.itinerary), snapshot, world, world).choice;
  if (outcome.kind === "refused") {
    return { ...about, after: { refusalCode: outcome.code }, entry: undefined, unrecorded: nothing };
  }
  const { entry, item } = outcome;
  const isSeen = inputs.models.some(({ id }) => id === entry.id) || isCandidate(record, entry.id);
  const isAsked = inputs.holds.some(({ id }) => id === entry.id);
  const mayBeHeld = item.limits.length > 0 || inputs.models.some(({ budgeted }) => budgeted);
  const unrecorded = { ...nothing, model: nothing.model || !isSeen, hold: mayBeHeld && !isAsked };
  return { ...about, after: { model: entry.id }, entry, unrecorded };
}

function isCandidate({ explanation }: DecisionRecord, id: string): boolean {
  return explanation?.candidates.some(({ provider, model }) => `${provider}/${model}` === id) ?? false;
}
