// On which of the budgets that match an attempt something is held.
import type { Price } from "@waybill/domain";
import { BudgetUnit } from "@waybill/wire";
import { isFree } from "./bounds.ts";
import { countsMoney } from "./limit-budgets.ts";

/**
 * What is free needs no money held; requests and tokens are counted all the same. What has no price yet is held on all of them, so that
 * its windows are known when the price arrives; a hard budget of money was asked before and refuses it. A kept answer costs neither
 * money nor tokens, but it is a request.
 */
export function budgetsToHold<B extends { unit: BudgetUnit }>(
  matched: readonly B[],
  price: Price | undefined,
  isKept: boolean,
): readonly B[] {
  if (isKept) return matched.filter(({ unit }) => unit === BudgetUnit.REQUESTS);
  return price && isFree(price) ? matched.filter((budget) => !countsMoney(budget)) : matched;
}
