// A limit node's counter as the budget service knows it.
import { parseUsd } from "@waybill/domain";
import { BudgetUnit, type LimitDefinition } from "@waybill/wire";
import type { LimitUse } from "./route/walk.ts";

const UNITS = {
  cost: BudgetUnit.UNSPECIFIED,
  count: BudgetUnit.REQUESTS,
  tokens: BudgetUnit.TOKENS,
} as const;

/** `organisationId`: the caller's, also where the route is everyone's: each organisation has a counter of its own. */
export function limitDefinition(
  { node, limit, keyValue }: LimitUse,
  organisationId: string,
  route: string,
): LimitDefinition {
  const { metric, amount, window } = limit;
  return {
    organisationId,
    route,
    node,
    keyValue,
    unit: UNITS[metric],
    amount: metric === "cost" ? parseUsd(amount).toString() : amount,
    windowKind: window.kind === "calendar" ? window.period : window.kind,
    windowSeconds: window.kind === "fixed" ? BigInt(window.seconds) : 0n,
  };
}
