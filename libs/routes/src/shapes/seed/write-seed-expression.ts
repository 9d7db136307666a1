// A condition as text that the seed's shape reads as the same condition.
import { compileCondition } from "../../condition/compile-condition.ts";
import { fromSeedExpression } from "../../condition/seed-expression.ts";
import { toSeedExpression } from "../../condition/to-seed-expression.ts";
import type { IfNode } from "../../document/route-document.ts";

/** undefined where there is none. CEL that is more than the seed's language is read as CEL, and so may stay as it is. */
export function writeSeedExpression(condition: IfNode["condition"]): string | undefined {
  let isRefused = false;
  const refuse = (): void => {
    isRefused = true;
  };
  const { cel } = compileCondition(condition, refuse);
  if (isRefused) return undefined;
  const expression = toSeedExpression(cel);
  if (expression !== undefined) return expression;
  const read = fromSeedExpression(cel, refuse);
  return !isRefused && compileCondition(read, refuse).cel === cel && !isRefused ? cel : undefined;
}
