// Questions and worlds to test with.
import type { Facts, ModelFacts } from "@waybill/routes";
import { Attribution, Features } from "@waybill/wire";
import type { HoldTold } from "./choose/choose.ts";
import type { Question } from "./question.ts";
import { unitHash } from "./route/pick-arm.ts";
import type { LimitUse } from "./route/walk.ts";
import type { ModelEntry } from "./snapshot.ts";
import type { BudgetView, Look, World } from "./world.ts";

export function sampleQuestion(features: Partial<Features> = {}, rest: Partial<Question> = {}): Question {
  return {
    features: {
      ...Features.create({}),
      requestedModel: "dynamic/r",
      estimatedInputTokens: 1_000n,
      choiceCount: 1,
      path: "/v1/chat/completions",
      ...features,
    },
    attribution: { ...Attribution.create({}), organisationId: "acme", teamId: "support", keyId: "k1" },
    allowedModels: [],
    mode: undefined,
    models: [],
    affinity: undefined,
    sessionId: "",
    sessionSource: "",
    keptModel: "",
    ...rest,
  };
}

export function sampleFacts(overrides: Partial<Facts> = {}): Facts {
  return {
    metadata: {},
    headers: {},
    body: {},
    request: {
      model: "dynamic/r",
      path: "/v1/chat/completions",
      stream: false,
      estimated_input_tokens: 10,
      max_output_tokens: 0,
      context_tokens: 10,
      part_count: 1,
      has_tools: false,
      has_images: false,
      has_json_schema: false,
      session_id: "",
      hour: 12,
      weekday: 3,
    },
    caller: { organisation_id: "acme", team_id: "support", user_id: "u", key_id: "k1", end_user_id: "", tags: {} },
    budget: undefined,
    model: {},
    ...overrides,
  };
}

/** A world in which everything is well unless a test says otherwise. */
export class SampleWorld implements World {
  /** Noon of 26 November 2026, UTC. */
  atMs = 1_795_694_400_000;
  looks: Record<string, Partial<Look>> = {};
  hard = false;
  session = "";
  notAdmitted = new Set<string>();
  draws = 0;

  on(): void {}
  draw(nodeId: string): number {
    this.draws += 1;
    return unitHash(`${nodeId}${this.draws}`);
  }
  look({ id }: ModelEntry): Look {
    return { live: true, circuit: "closed", firstTokenMs: 0, ...this.looks[id] };
  }
  admits({ id }: ModelEntry): boolean {
    return !this.notAdmitted.has(id);
  }
  budgets(): BudgetView {
    return { isBudgeted: this.hard, hasHard: this.hard };
  }
  sessionModel(): string {
    return this.session;
  }
  budgetFacts(): undefined {
    return undefined;
  }
  modelFacts(): Record<string, ModelFacts> {
    return {};
  }
}

/** Drives a choice: `pay` says how the hold at each model goes. Returns what came out, and who was asked. */
export function drive<T>(
  choosing: Generator<{ entry: ModelEntry }, T, HoldTold>,
  pay: (id: string) => HoldTold = () => ({ kind: "free" }),
): { result: T; asked: string[] } {
  const asked: string[] = [];
  let step = choosing.next();
  while (!step.done) {
    asked.push(step.value.entry.id);
    step = choosing.next(pay(step.value.entry.id));
  }
  return { result: step.value, asked };
}

/** A limit node of two requests a minute, for the whole route. */
export function sampleLimitUse(node: string, limit: Partial<LimitUse["limit"]> = {}, keyValue = ""): LimitUse {
  const whole: LimitUse["limit"] = {
    ...{ id: node, kind: "limit", metric: "count", amount: "2", key: "route", within: "a", exceeded: "b" },
    window: { kind: "fixed", seconds: 60 },
    ...limit,
  };
  return { node, limit: whole, keyValue };
}
