// Whether the route, provider and model that a budget names are there, and whether its limit affords any call at all: what only the
// router's catalogue can tell.
import { formatUsd, type Price, worstCaseCost } from "@waybill/domain";
import type { Problem } from "./problem.ts";

export interface BudgetTargets {
  /** Empty: any. */
  route: string;
  provider: string;
  /** Without its provider. */
  model: string;
  /** Undefined: it is not money, or not hard. In pico-USD. */
  hardLimit: bigint | undefined;
}

export interface KnownModel {
  provider: string;
  model: string;
  /** Undefined: unknown. */
  price: Price | undefined;
}

/** The smallest call there is: one token of input and no output. */
const SMALLEST_INPUT_TOKENS = 1n;

/** `hasRoute`: the route is there; of no interest where none is named. */
export function checkTargets(targets: BudgetTargets, hasRoute: boolean, models: readonly KnownModel[]): Problem[] {
  const { route, provider, model, hardLimit } = targets;
  const problems: Problem[] = [];
  const report = (field: string, problem: string): void => void problems.push({ node: "", field, problem });
  if (route !== "" && !hasRoute) report("scope.route", `there is no route ${route}`);
  const ofProvider = models.filter((known) => provider === "" || known.provider === provider);
  const covered = ofProvider.filter((known) => model === "" || known.model === model);
  if (provider !== "" && ofProvider.length === 0) report("scope.provider", `there is no provider ${provider}`);
  else if (model !== "" && covered.length === 0) {
    const whose = provider === "" ? "" : ` of ${provider}`;
    const hint = model.includes("/") ? "; the provider goes into scope.provider" : "";
    report("scope.model", `there is no model ${model}${whose} in the catalogue${hint}`);
  }
  const least = leastCost(covered);
  if (hardLimit !== undefined && hardLimit > 0n && least !== undefined && hardLimit < least) {
    report("limit", `affords no call of any model it covers: the smallest costs ${formatUsd(least)} USD`);
  }
  return problems;
}

/** Undefined: some price is unknown, or there is nothing. */
function leastCost(models: readonly KnownModel[]): bigint | undefined {
  let least: bigint | undefined;
  for (const { price } of models) {
    if (!price || price.tiers.length === 0) return undefined;
    const cost = worstCaseCost(price, SMALLEST_INPUT_TOKENS, 0n);
    if (least === undefined || cost < least) least = cost;
  }
  return least;
}
