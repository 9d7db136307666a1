// What another route would have meant for a request that was decided and paid for: the model it would go to, and what the same tokens
// would cost there.
import { costOf, formatUsd, isPlausible, type Price } from "@waybill/domain";
import type { AttemptCost, Explanation } from "@waybill/wire";

interface Outcome {
  /** <provider>/<model>; null: refused. */
  model: string | null;
  refusalCode: string | null;
  /** USD; null: unknown. */
  costUsd: string | null;
}

export interface Comparison {
  before: Outcome;
  after: Outcome;
  changed: boolean;
}

/** `price`: of the model it would go to; undefined: unknown. */
export function compareDecisions(
  before: Explanation,
  cost: AttemptCost | undefined,
  after: Explanation,
  price: Price | undefined,
): Comparison {
  const [was, would] = [outcomeOf(before), outcomeOf(after)];
  const known = cost?.costKnown ? formatUsd(BigInt(cost.costPicoUsd)) : null;
  const changed = was.model !== would.model;
  const costThen = changed ? costElsewhere(cost, price) : known;
  return {
    before: { ...was, costUsd: known },
    after: { ...would, costUsd: would.model === null ? "0" : costThen },
    changed,
  };
}

function outcomeOf({ target, refusalCode }: Explanation): Omit<Outcome, "costUsd"> {
  return {
    model: target ? `${target.provider}/${target.model}` : null,
    refusalCode: refusalCode === "" ? null : refusalCode,
  };
}

/** Null where nobody knows the tokens: a request that was refused, or is not on the books yet. */
function costElsewhere(cost: AttemptCost | undefined, price: Price | undefined): string | null {
  if (!cost || !price || !cost.costKnown) return null;
  const usage = {
    input: cost.inputTokens,
    cachedInput: cost.cachedInputTokens,
    cacheWrite5m: cost.cacheWrite5mTokens,
    cacheWrite1h: cost.cacheWrite1hTokens,
    output: cost.outputTokens,
    reasoningOutput: cost.reasoningOutputTokens,
  };
  return isPlausible(usage) ? formatUsd(costOf(usage, price)) : null;
}
