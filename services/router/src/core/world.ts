// What a decision looks at beside the request and the snapshot. The live world answers from this process's memory and
// remembers what it answered; a recorded one answers the same again, so that a decision can be replayed.
import type { ModelFacts } from "@waybill/routes";
import type { BudgetFacts } from "@waybill/wire";
import type { LimitUse } from "./route/walk.ts";
import type { ModelEntry } from "./snapshot.ts";

export interface World {
  /** Unix milliseconds of this decision. */
  readonly atMs: number;
  /** Names the route whose nodes are asked about; empty: none. */
  on(route: string): void;
  /** A split node's chance, from 0 to 1. */
  draw(nodeId: string): number;
  look(entry: ModelEntry): Look;
  /** Asked last, of the model that would be taken: a half-open circuit lets few requests through. */
  admits(entry: ModelEntry): boolean;
  budgets(entry: ModelEntry, limits: readonly LimitUse[]): BudgetView;
  /** The model the session is at at this node, as <provider>/<model>; empty: none. */
  sessionModel(node: string): string;
  /** Of the tightest budget that applies whichever model is taken; undefined: none is known. */
  budgetFacts(): BudgetFacts | undefined;
  modelFacts(): Readonly<Record<string, ModelFacts>>;
}

export interface Look {
  readonly live: boolean;
  /** closed, half_open, open or rate_limited */
  readonly circuit: string;
  /** Of the last ten seconds; 0: no call. */
  readonly firstTokenMs: number;
}

/** Budgets and limits of one candidate. */
export interface BudgetView {
  readonly isBudgeted: boolean;
  readonly hasHard: boolean;
}
