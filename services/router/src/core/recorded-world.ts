// The world as a decision record kept it: every answer that was given then is given again. What was not asked then (another
// draft asks other models) is answered the same way each time: live, with its circuit closed.
import type { ModelFacts } from "@waybill/routes";
import type { BudgetFacts, DecisionInputs, HoldVerdict, ModelFacts as RecordedModel } from "@waybill/wire";
import type { HoldTold } from "./choose/choose.ts";
import { type HeldFigures, NOTHING_HELD } from "./explain.ts";
import { unitHash } from "./route/pick-arm.ts";
import type { ModelEntry } from "./snapshot.ts";
import type { BudgetView, Look, World } from "./world.ts";

const UNKNOWN_LOOK: Look = { live: true, circuit: "closed", firstTokenMs: 0 };

export class RecordedWorld implements World {
  readonly atMs: number;
  readonly #inputs: DecisionInputs;
  readonly #requestId: string;
  readonly #models: ReadonlyMap<string, RecordedModel>;
  #holds = 0;
  /** Whether something was asked that is not in the record: a split's chance, and a budget. */
  readonly unrecorded = { draw: false, budget: false };

  constructor(inputs: DecisionInputs, requestId: string) {
    this.atMs = Number(inputs.atMs);
    this.#inputs = inputs;
    this.#requestId = requestId;
    this.#models = new Map(inputs.models.map((model) => [model.id, model]));
  }

  /** A record is about one route. */
  on(): void {}

  draw(nodeId: string): number {
    const { draws } = this.#inputs;
    if (Object.hasOwn(draws, nodeId)) return draws[nodeId] ?? 0;
    this.unrecorded.draw = true;
    return unitHash(`${this.#requestId}/${nodeId}`);
  }

  look({ id }: ModelEntry): Look {
    return this.#models.get(id) ?? UNKNOWN_LOOK;
  }

  admits({ id }: ModelEntry): boolean {
    return this.#models.get(id)?.admitted ?? true;
  }

  budgets({ id }: ModelEntry): BudgetView {
    const model = this.#models.get(id);
    return { isBudgeted: model?.budgeted ?? false, hasHard: model?.hardBudget ?? false };
  }

  sessionModel(): string {
    return this.#inputs.sessionModel;
  }

  budgetFacts(): BudgetFacts | undefined {
    if (!this.#inputs.budget) this.unrecorded.budget = true;
    return this.#inputs.budget;
  }

  modelFacts(): Readonly<Record<string, ModelFacts>> {
    return Object.fromEntries(
      this.#inputs.models.map(({ id, live, circuit, errorShare, firstTokenMs }) => [
        id,
        { live, circuit, error_share: errorShare, first_token_ms: firstTokenMs },
      ]),
    );
  }

  /** What was said to the hold that was tried then at this model; one that was not tried is taken to have been paid for. */
  hold({ id }: ModelEntry): { told: HoldTold; figures: HeldFigures } {
    const verdict = this.#inputs.holds[this.#holds];
    if (verdict?.id !== id) return { told: { kind: "free" }, figures: NOTHING_HELD };
    this.#holds += 1;
    const { heldPicoUsd, maxOutputTokens, clamped } = verdict;
    return { told: toldOf(verdict), figures: { heldPicoUsd, maxOutputTokens, clamped } };
  }
}

function toldOf({ verdict, refusal, limitNode, onExhausted, mayBeFree, rateLimit }: HoldVerdict): HoldTold {
  switch (verdict) {
    case "held":
    case "unbounded":
      return { kind: verdict };
    case "limited":
      return rateLimit ? { kind: "limited", rate: rateLimit } : { kind: "unavailable" };
    case "refused":
      return refusal
        ? { kind: "refused", refusal, limitNode: limitNode === "" ? undefined : limitNode, onExhausted }
        : { kind: "unavailable" };
    default:
      return { kind: "unavailable", mayBeFree };
  }
}
