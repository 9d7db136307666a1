// Conditions of `if` nodes, in the Mongo-like JSON people know from Cloudflare: {"metadata.user_plan": {"$eq": "paid"}}.
// Compiled once, when a route is loaded. A comparison with something that is missing is false, whatever the operator;
// nothing throws at request time. Another language takes the place of this file by compiling to the same Condition.

/** What conditions may look at. All values are text, numbers or booleans; never prompt text. */
export interface Facts {
  metadata: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  request: Readonly<Record<string, string | number | boolean>>;
  caller: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

export type Condition = (facts: Facts) => boolean;

/** Takes a problem with the place inside the condition where it stands. */
export type ReportProblem = (where: string, problem: string) => void;

type Scalar = string | number | boolean;
type Compare = (given: Scalar) => boolean;

const DEPTH_MAX = 16;
const TERMS_MAX = 200;
const TEXT_CHARACTERS_MAX = 1_000;
const NEVER: Condition = () => false;

/** Compiles a condition; problems are reported, and the result then matches nothing. */
export function compileCondition(json: unknown, report: ReportProblem): Condition {
  const budget = { terms: TERMS_MAX };
  return compile(json, "condition", 1, budget, report);
}

function compile(
  json: unknown,
  where: string,
  depth: number,
  budget: { terms: number },
  report: ReportProblem,
): Condition {
  if (depth > DEPTH_MAX) return refuse(where, `is nested deeper than ${DEPTH_MAX}`, report);
  if (!isObject(json)) return refuse(where, "must be an object", report);
  const terms: Condition[] = [];
  for (const [name, value] of Object.entries(json)) {
    budget.terms -= 1;
    if (budget.terms < 0) return refuse(where, `has more than ${TERMS_MAX} terms`, report);
    const at = `${where}.${name}`;
    const below = (child: unknown, place: string): Condition => compile(child, place, depth + 1, budget, report);
    if (name === "$and" || name === "$or") {
      if (!Array.isArray(value) || value.length === 0) return refuse(at, "must be a list of conditions", report);
      const children = value.map((child, index) => below(child, `${at}[${index}]`));
      terms.push(
        name === "$and"
          ? (facts) => children.every((child) => child(facts))
          : (facts) => children.some((child) => child(facts)),
      );
    } else if (name === "$not") {
      const child = below(value, at);
      terms.push((facts) => !child(facts));
    } else if (name.startsWith("$")) {
      return refuse(at, "is no operator; there are $and, $or, $not", report);
    } else {
      terms.push(compileField(name, value, at, report));
    }
  }
  if (terms.length === 0) return refuse(where, "is empty", report);
  return terms.length === 1 && terms[0] ? terms[0] : (facts) => terms.every((term) => term(facts));
}

function compileField(name: string, value: unknown, where: string, report: ReportProblem): Condition {
  const read = compileRead(name);
  if (!read) {
    return refuse(where, "is no field; there are metadata.*, headers.*, request.*, caller.* and caller.tags.*", report);
  }
  const operators: [string, unknown][] = isObject(value) ? Object.entries(value) : [["$eq", value]];
  if (operators.length === 0) return refuse(where, "compares with nothing", report);
  const terms = operators.map(([operator, operand]): Condition => {
    if (operator === "$exists") {
      if (typeof operand !== "boolean") return refuse(`${where}.$exists`, "must be true or false", report);
      return (facts) => (read(facts) !== undefined) === operand;
    }
    const compare = compileCompare(operator, operand);
    if (typeof compare === "string") return refuse(`${where}.${operator}`, compare, report);
    return (facts) => {
      const given = read(facts);
      return given !== undefined && compare(given);
    };
  });
  return terms.length === 1 && terms[0] ? terms[0] : (facts) => terms.every((term) => term(facts));
}

/** `metadata.user_plan` -> a reader of that field; own properties only. */
function compileRead(name: string): ((facts: Facts) => Scalar | undefined) | undefined {
  const dot = name.indexOf(".");
  const key = name.slice(dot + 1);
  if (dot <= 0 || key === "") return undefined;
  const tag = name.startsWith("caller.tags.") ? name.slice("caller.tags.".length) : undefined;
  if (tag !== undefined && tag !== "") return ({ tags }) => own(tags, tag);
  const group = name.slice(0, dot);
  if (group === "metadata" || group === "headers" || group === "request" || group === "caller") {
    return (facts) => own<Scalar>(facts[group], key);
  }
  return undefined;
}

function own<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** The comparison, or what is wrong with it. */
function compileCompare(operator: string, operand: unknown): Compare | string {
  if (operator === "$in" || operator === "$nin") {
    if (!Array.isArray(operand) || operand.length > TERMS_MAX || !operand.every(isScalar)) {
      return `must be a list of at most ${TERMS_MAX} texts, numbers or booleans`;
    }
    const values: Scalar[] = operand;
    return (given) => values.some((value) => isSame(given, value)) === (operator === "$in");
  }
  if (!isScalar(operand)) return "must be compared with a text, a number or a boolean";
  if (operator === "$eq") return (given) => isSame(given, operand);
  if (operator === "$ne") return (given) => !isSame(given, operand);
  const order = ORDERS[operator];
  if (!order) return "is no operator; there are $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists";
  const bound = numberOf(operand);
  if (bound === undefined) return "must be compared with a number";
  return (given) => {
    const number = numberOf(given);
    return number !== undefined && order(number, bound);
  };
}

const ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  $gt: (a, b) => a > b,
  $gte: (a, b) => a >= b,
  $lt: (a, b) => a < b,
  $lte: (a, b) => a <= b,
};

/** Metadata and headers are text, so "3" is the same as 3 and "true" the same as true. */
function isSame(a: Scalar, b: Scalar): boolean {
  return a === b || String(a) === String(b);
}

function numberOf(value: Scalar): number | undefined {
  if (typeof value === "boolean" || value === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === "string") return value.length <= TEXT_CHARACTERS_MAX;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(where: string, problem: string, report: ReportProblem): Condition {
  report(where, problem);
  return NEVER;
}
