// What if? Simulated requests on what is deployed or on a draft, and recorded decisions once more. The same steps as a live
// decision, in a world that holds no money and remembers nothing.
import { WaybillError } from "@waybill/domain";
import {
  type DecideRequest,
  type DecisionRecord,
  Explanation,
  type ReplayResponse,
  type SimulatedDecision,
  type SimulatedRequest,
  type SimulateRequest,
  type SimulateResponse,
} from "@waybill/wire";
import { checkRouteText } from "./core/check-route.ts";
import { askAfter, askFirst, reasonAfter } from "./core/choose/ask.ts";
import type { ChooseFrom } from "./core/choose/choose.ts";
import { chooseAsRecorded } from "./core/choose/choose-as-recorded.ts";
import { explainChoice, explainRefusal } from "./core/explain.ts";
import { type Question, readQuestion } from "./core/question.ts";
import { RecordedWorld } from "./core/recorded-world.ts";
import { type Resolution, resolve, resolveDraft } from "./core/resolve.ts";
import { decodeItinerary } from "./core/resume-token.ts";
import type { Compilation } from "./core/route/compile.ts";
import type { CompiledRoute } from "./core/route/compiled-route.ts";
import { unitHash } from "./core/route/pick-arm.ts";
import type { ModelEntry, Snapshot } from "./core/snapshot.ts";
import type { World } from "./core/world.ts";
import { type LiveState, LiveWorld } from "./live-world.ts";
import { toWireModel } from "./outbound/to-wire-model.ts";

export interface WhatIfOptions {
  snapshot: Snapshot;
  state: LiveState;
  /** A version as it is stored; undefined: there is none. */
  loadVersion(organisationId: string, route: string, version: number): Promise<CompiledRoute | undefined>;
}

/** Requests of one question. */
const SIMULATED_MAX = 1_000;

export interface WhatIf {
  simulate(request: SimulateRequest): SimulateResponse;
  /** Throws not_found when the route version it was decided on is gone. */
  replay(record: DecisionRecord): Promise<ReplayResponse>;
}

export function makeWhatIf({ snapshot, state, loadVersion }: WhatIfOptions): WhatIf {
  return {
    simulate({ documentJson, organisationId, route, requests }) {
      if (requests.length > SIMULATED_MAX) {
        throw new WaybillError("invalid_value", {
          publicMessage: `At most ${SIMULATED_MAX} requests can be simulated at once.`,
          param: "requests",
        });
      }
      const draft = documentJson === "" ? undefined : compileDraft(organisationId, route, documentJson, snapshot);
      if (draft && !draft.route) return { problems: draft.problems, decisions: [] };
      const decisions = requests.map((request) => simulateOne(request, draft?.route, snapshot, state));
      return { problems: [], decisions };
    },

    async replay(record) {
      const { explanation, inputs } = record;
      if (!explanation || !inputs) {
        throw new WaybillError("invalid_value", { publicMessage: "The record has no inputs.", param: "record" });
      }
      const { route, routeVersion, routeOrganisationId } = explanation;
      const version = routeVersion === 0 ? undefined : await loadVersion(routeOrganisationId, route, routeVersion);
      if (routeVersion > 0 && !version) {
        throw new WaybillError("not_found", { publicMessage: `Version ${routeVersion} of route ${route} is gone.` });
      }
      const replayed = replayOne(record, version, snapshot);
      const same =
        Buffer.compare(Explanation.encode(replayed).finish(), Explanation.encode(explanation).finish()) === 0;
      return { explanation: replayed, same, differences: differencesOf(record, snapshot) };
    },
  };
}

function compileDraft(organisationId: string, name: string, documentJson: string, snapshot: Snapshot): Compilation {
  const identity = { organisationId, name: name === "" ? "draft" : name, version: 0 };
  return checkRouteText(identity, documentJson, snapshot);
}

function simulateOne(
  { requestId, attribution, features, allowedModels, inputs }: SimulatedRequest,
  draft: CompiledRoute | undefined,
  snapshot: Snapshot,
  state: LiveState,
): SimulatedDecision {
  const request: DecideRequest = {
    requestId,
    ingressId: "",
    attribution,
    features: inputs?.features ?? features,
    allowedModels: inputs ? inputs.allowedModels : allowedModels,
  };
  const question = readQuestion(request);
  if (!question) {
    throw new WaybillError("invalid_value", {
      publicMessage: "A request has no features or attribution.",
      param: "requests",
    });
  }
  const recorded = inputs && new RecordedWorld(inputs, requestId);
  const world = recorded ?? new LiveWorld(quiet(state, requestId), question);
  const resolution = draft ? resolveDraft(draft, question, snapshot, world) : resolve(question, snapshot, world);
  const { explanation, entry } = explainFrom(question, resolution, snapshot, world, recorded);
  return { requestId, explanation, price: entry && toWireModel(entry).price };
}

/** The live state, asked without leaving a trace: no probe is taken, no sequence moves on. */
function quiet(state: LiveState, requestId: string): LiveState {
  const { live } = state;
  return {
    ...state,
    draws: { next: (node) => unitHash(`${requestId}/${node}`) },
    live: {
      health: (id, nowMs) => live.health(id, nowMs),
      facts: (nowMs) => live.facts(nowMs),
      admits: () => true,
    },
  };
}

interface Explained {
  explanation: Explanation;
  entry: ModelEntry | undefined;
}

function explainFrom(
  question: Question,
  resolution: Resolution,
  snapshot: Snapshot,
  world: World,
  recorded: RecordedWorld | undefined,
): Explained {
  if ("problem" in resolution) {
    const { problem, detail } = resolution;
    return { explanation: explainRefusal(question.features.requestedModel, problem, detail), entry: undefined };
  }
  const { itinerary, reason } = resolution;
  return explainAsked(askFirst(question, itinerary), reason, snapshot, world, recorded);
}

function explainAsked(
  asked: ChooseFrom,
  reason: string,
  snapshot: Snapshot,
  world: World,
  recorded: RecordedWorld | undefined,
): Explained {
  const { choice, figures } = chooseAsRecorded(asked, snapshot, world, recorded);
  const { outcome } = choice;
  return {
    explanation: explainChoice(asked.itinerary, reason, choice, figures),
    entry: outcome.kind === "chosen" ? outcome.entry : undefined,
  };
}

function replayOne(record: DecisionRecord, version: CompiledRoute | undefined, snapshot: Snapshot): Explanation {
  const { inputs, requestId, attribution } = record;
  const { features, allowedModels = [], resumeToken } = inputs ?? {};
  const question = readQuestion({ requestId, ingressId: "", attribution, features, allowedModels });
  if (!question || !inputs) {
    throw new WaybillError("invalid_value", { publicMessage: "The record has no features.", param: "record" });
  }
  const world = new RecordedWorld(inputs, requestId);
  if (inputs.failedAttempt === 0) {
    const resolution = version ? resolveDraft(version, question, snapshot, world) : resolve(question, snapshot, world);
    return explainFrom(question, resolution, snapshot, world, world).explanation;
  }
  const itinerary = decodeItinerary((resumeToken ?? Buffer.alloc(0)).toString("utf8"));
  const asked = itinerary && askAfter(question, itinerary, inputs, snapshot);
  if (!asked) {
    throw new WaybillError("invalid_value", {
      publicMessage: "The record's resume token cannot be read.",
      param: "record",
    });
  }
  return explainAsked(asked, reasonAfter(inputs), snapshot, world, world).explanation;
}

/** What has changed since among the models that were looked at. */
function differencesOf({ inputs, explanation }: DecisionRecord, snapshot: Snapshot): string[] {
  const differences: string[] = [];
  for (const { id, version } of inputs?.models ?? []) {
    const now = snapshot.model(id);
    if (!now) differences.push(`${id} is no longer in the catalogue`);
    else if (version !== 0 && now.version !== version) {
      differences.push(`${id} was version ${version}, now it is version ${now.version}`);
    }
  }
  const { target, priceVersion } = explanation ?? {};
  const served = target && snapshot.model(`${target.provider}/${target.model}`);
  const priceNow = served?.price?.version ?? "";
  if (served && priceNow !== priceVersion) {
    differences.push(`the price of ${served.id} was ${priceVersion}, now it is ${priceNow}`);
  }
  return differences;
}
