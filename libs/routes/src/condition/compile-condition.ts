// Compiles the condition of an `if` node, however it is written, to one CEL text and one function of the facts.
import type { Condition, ReportProblem } from "./condition.ts";
import { priceOf } from "./cost.ts";
import { compileExpression } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import { CONDITION_COST_MAX } from "./limits.ts";
import { mongoToCel } from "./mongo-to-cel.ts";
import { parseCel } from "./parse-cel.ts";
import { printCel } from "./print-cel.ts";
import { CelProblem } from "./read-cel.ts";

const NEVER: Condition = { holds: () => false, cel: "false" };
const WHERE = "condition";

/**
 * `source`: CEL as text, or Cloudflare's Mongo-like object. Problems are reported, with their place inside the condition, and the
 * result then holds for nothing. Limits: limits.ts.
 */
export function compileCondition(source: unknown, report: ReportProblem): Condition {
  if (typeof source === "string") return compileCel(source, report);
  const cel = mongoToCel(source, report);
  return cel === undefined ? NEVER : compileCel(cel, report);
}

function compileCel(text: string, report: ReportProblem): Condition {
  const expression = parseCel(text);
  if (typeof expression === "string") return refuse(expression, report);
  try {
    return compile(expression, report);
  } catch (error) {
    if (error instanceof CelProblem) return refuse(error.message, report);
    throw error;
  }
}

function compile(expression: Expression, report: ReportProblem): Condition {
  const { steps, patterns } = priceOf(expression);
  if (steps > CONDITION_COST_MAX) {
    return refuse(`costs up to ${steps} steps; at most ${CONDITION_COST_MAX} are allowed`, report);
  }
  const evaluate = compileExpression(expression, patterns);
  const holds: Condition["holds"] = (facts) => {
    try {
      return evaluate(facts) === true;
    } catch {
      // Nothing here throws; should a part that is not ours, a request is worth more than its reason.
      return false;
    }
  };
  return { holds, cel: printCel(expression) };
}

function refuse(problem: string, report: ReportProblem): Condition {
  report(WHERE, problem);
  return NEVER;
}
