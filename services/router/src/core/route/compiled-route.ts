// A route as it is walked: the checked graph with its edges linked and its conditions compiled.
import type { Affinity, AttemptPolicy, AutoMode, Condition, LimitNode } from "@waybill/routes";

export interface CompiledRoute {
  /** Whose route it is; empty: everyone's. */
  readonly organisationId: string;
  readonly name: string;
  readonly version: number;
  readonly start: CompiledNode;
  /** Some condition reads body.*, so that it has to be parsed. */
  readonly readsBody: boolean;
  /** Some condition reads model.*. */
  readonly readsModels: boolean;
  /** Some condition reads budget.*. */
  readonly readsBudget: boolean;
}

export type CompiledNode =
  | { kind: "start"; id: string; next: CompiledNode }
  | { kind: "if"; id: string; condition: Condition; whenTrue: CompiledNode; whenFalse: CompiledNode }
  | { kind: "split"; id: string; by: string; arms: readonly SplitArm[] }
  | { kind: "limit"; id: string; limit: LimitNode; within: CompiledNode; exceeded: CompiledNode }
  | ModelStop
  | AutoStop
  | { kind: "end"; id: string };

export interface SplitArm {
  /** Of 100. */
  readonly percent: number;
  readonly next: CompiledNode;
}

export interface ModelStop {
  kind: "model";
  id: string;
  model: string;
  policy: AttemptPolicy;
  fallback: CompiledNode | undefined;
}

export interface AutoStop {
  kind: "auto";
  id: string;
  auto: AutoChoice;
  policy: AttemptPolicy;
  fallback: CompiledNode | undefined;
}

/** How an `auto` node chooses. */
export interface AutoChoice {
  readonly mode: AutoMode;
  /** Absent: the mode's own. */
  readonly bandPercent: number | undefined;
  /** Names; empty: every model the key may use. */
  readonly models: readonly string[];
  readonly affinity: Affinity;
  readonly firstTokenMsMax: number | undefined;
}
