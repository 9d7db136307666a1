// Which rows a batch has to read: found from the operations alone, before anything is locked.
import type { AskGrant, HoldAsk, LimitSpec, Operation, TemplateCounter } from "./operation.ts";

/** Ids, each once. */
export interface Needs {
  /** Budgets whose current window is asked for. */
  budgetIds: Set<string>;
  /** Windows named by lines. */
  windowIds: Set<bigint>;
  grantIds: Set<string>;
  /** Attempts whose holds and records decide. */
  attemptIds: Set<string>;
}

export function needsOf(operations: readonly Operation[]): Needs {
  const needs: Needs = { budgetIds: new Set(), windowIds: new Set(), grantIds: new Set(), attemptIds: new Set() };
  const addLines = (lines: readonly { windowId: bigint; grantId: string }[]): void => {
    for (const { windowId, grantId } of lines) {
      needs.windowIds.add(windowId);
      if (grantId !== "") needs.grantIds.add(grantId);
    }
  };
  for (const operation of operations) {
    if ("attemptId" in operation) needs.attemptIds.add(operation.attemptId);
    if ("grantId" in operation) needs.grantIds.add(operation.grantId);
    if ("budgetId" in operation) needs.budgetIds.add(operation.budgetId);
    if ("lines" in operation) addLines(operation.lines);
    if (operation.kind !== "place_hold") continue;
    addLines(operation.cut);
    for (const { budgetId } of operation.asks) needs.budgetIds.add(budgetId);
  }
  return needs;
}

/** Counters that these operations want to exist, by budget id. */
export interface WantedCounters {
  limits: Map<string, LimitSpec>;
  templates: Map<string, TemplateCounter>;
}

export function countersOf(operations: readonly Operation[]): WantedCounters {
  const wanted: WantedCounters = { limits: new Map(), templates: new Map() };
  const want = ({ budgetId, limit, template }: AskGrant | HoldAsk): void => {
    if (limit) wanted.limits.set(budgetId, limit);
    else if (template) wanted.templates.set(budgetId, template);
  };
  for (const operation of operations) {
    if (operation.kind === "ask_grant") want(operation);
    else if (operation.kind === "place_hold") operation.asks.forEach(want);
  }
  return wanted;
}
