// Which rows a batch has to read: found from the operations alone, before anything is locked.
import type { LimitSpec, Operation } from "./operation.ts";

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

/** The limit counters that these operations want to exist, by budget id. */
export function limitsOf(operations: readonly Operation[]): Map<string, LimitSpec> {
  const limits = new Map<string, LimitSpec>();
  for (const operation of operations) {
    if (operation.kind === "ask_grant" && operation.limit) limits.set(operation.budgetId, operation.limit);
    if (operation.kind !== "place_hold") continue;
    for (const { budgetId, limit } of operation.asks) if (limit) limits.set(budgetId, limit);
  }
  return limits;
}
