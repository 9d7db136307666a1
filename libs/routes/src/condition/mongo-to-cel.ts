// Mongo-like conditions as CEL. In Mongo everything is true or false, so whatever is negated is put into holds() first: then
// $ne and $nin are true of what is missing.
import { isObject } from "../json-fields.ts";
import type { ReportProblem } from "./condition.ts";
import { MONGO_DEPTH_MAX, MONGO_TERMS_MAX } from "./limits.ts";
import { readMongoField } from "./mongo-field.ts";
import { compileOperator, not, type Term } from "./mongo-operators.ts";

/**
 * CEL text for Cloudflare's Mongo-like JSON; undefined when problems were reported. Fields: see mongo-field.ts; operators: $eq $ne
 * $gt $gte $lt $lte $in $nin $exists $regex $contains $not of a field; $and $or $nor $not of conditions.
 */
export function mongoToCel(json: unknown, report: ReportProblem): string | undefined {
  const compiler = new MongoCompiler(report);
  const term = compiler.compile(json, "condition", 1);
  return compiler.isRefused ? undefined : term.cel;
}

const NOTHING: Term = { cel: "false", isTotal: true };
const CONNECTIVES = ["$and", "$or", "$nor", "$not"] as const;

class MongoCompiler {
  isRefused = false;
  readonly #report: ReportProblem;
  #terms = 0;

  constructor(report: ReportProblem) {
    this.#report = report;
  }

  compile(json: unknown, where: string, depth: number): Term {
    if (depth > MONGO_DEPTH_MAX) return this.#refuse(where, `is nested deeper than ${MONGO_DEPTH_MAX}`);
    if (!isObject(json)) return this.#refuse(where, "must be an object, or CEL as text");
    const terms: Term[] = [];
    // Not Object.entries: of a million names only the first few are looked at.
    for (const name in json) {
      if (!Object.hasOwn(json, name)) continue;
      const at = `${where}.${name.slice(0, 200)}`;
      if (!this.#count(where)) return NOTHING;
      terms.push(
        name.startsWith("$") ? this.#connective(name, json[name], at, depth) : this.#field(name, json[name], at, depth),
      );
    }
    return terms.length === 0 ? this.#refuse(where, "is empty") : allOf(terms);
  }

  #connective(name: string, value: unknown, at: string, depth: number): Term {
    const known = CONNECTIVES.find((connective) => connective === name);
    if (!known) return this.#refuse(at, `is no operator; there are ${CONNECTIVES.join(", ")}`);
    if (known === "$not") return not(this.compile(value, at, depth + 1));
    if (!Array.isArray(value) || value.length === 0 || value.length > MONGO_TERMS_MAX) {
      return this.#refuse(at, `must be a list of 1 to ${MONGO_TERMS_MAX} conditions`);
    }
    const terms = value.map((child: unknown, index) => this.compile(child, `${at}[${index}]`, depth + 1));
    if (known === "$and") return allOf(terms);
    return known === "$or" ? anyOf(terms) : not(anyOf(terms));
  }

  #field(path: string, value: unknown, at: string, depth: number): Term {
    if (depth > MONGO_DEPTH_MAX) return this.#refuse(at, `is nested deeper than ${MONGO_DEPTH_MAX}`);
    const field = readMongoField(path);
    if (typeof field === "string") return this.#refuse(at, field);
    if (!isObject(value)) {
      const term = compileOperator(field, "$eq", value);
      return typeof term === "string" ? this.#refuse(at, term) : term;
    }
    const terms: Term[] = [];
    for (const operator in value) {
      if (!Object.hasOwn(value, operator)) continue;
      const below = `${at}.${operator.slice(0, 200)}`;
      if (!this.#count(at)) return NOTHING;
      const operand = value[operator];
      if (operator === "$not") {
        terms.push(
          isObject(operand) ? not(this.#field(path, operand, below, depth + 1)) : this.#refuse(below, NOT_OPERATORS),
        );
        continue;
      }
      const term = compileOperator(field, operator, operand);
      terms.push(typeof term === "string" ? this.#refuse(below, term) : term);
    }
    return terms.length === 0 ? this.#refuse(at, "compares with nothing") : allOf(terms);
  }

  #count(where: string): boolean {
    this.#terms += 1;
    if (this.#terms <= MONGO_TERMS_MAX) return true;
    // Once is enough.
    if (this.#terms === MONGO_TERMS_MAX + 1) this.#refuse(where, `has more than ${MONGO_TERMS_MAX} terms`);
    return false;
  }

  #refuse(where: string, problem: string): Term {
    this.isRefused = true;
    this.#report(where.slice(0, WHERE_CHARACTERS_MAX), problem);
    return NOTHING;
  }
}

const NOT_OPERATORS = 'must hold operators, like {"$not": {"$gt": 5}}';
const WHERE_CHARACTERS_MAX = 500;

function allOf(terms: readonly Term[]): Term {
  return join(terms, " && ");
}

function anyOf(terms: readonly Term[]): Term {
  return join(terms, " || ");
}

function join(terms: readonly Term[], operator: string): Term {
  const [only] = terms;
  if (only && terms.length === 1) return only;
  return {
    cel: terms.map(({ cel }) => `(${cel})`).join(operator),
    isTotal: terms.every(({ isTotal }) => isTotal),
  };
}
