// What the admin API refuses, and what it does not answer, as sentences that say what to do next.
import { Ending, EXIT, type Problem, ProblemsEnding } from "../exit-codes.ts";

/** The API refused. `problems` are empty where its message says everything. */
export class Refusal extends ProblemsEnding {
  readonly code: string;
  constructor(message: string, code: string, problems: readonly Problem[]) {
    super(message, problems, EXIT.failed);
    this.code = code;
  }
}

/** Where the code of an error says what helps. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  version_conflict: "Somebody saved a version meanwhile: pull or plan again, then repeat.",
  permission_denied: "The admin key has another role or organisation; --organisation says which one is meant.",
  in_use: "`waybill keys list`, `users list` and `budgets list` show what is still there.",
  routes_unavailable: "The router is away; looks are safe to repeat, before a change look first.",
  accounts_unavailable: "The budget service is away; try again.",
  budget_unavailable: "The budget service is away; look whether it was done, then try again.",
  usage_unavailable: "The ledger is away; try again.",
};
const UNAUTHORISED = 401;

/** `text` is the body of an answer that is no success. */
export function refusalOf(status: number, text: string): Ending {
  const { code, message, param, problems } = readError(text);
  if (message === undefined) return notTheApi(`it answered ${status}`);
  const said = problems.length === 0 && param !== undefined ? `${message} (${param})` : message;
  const step = status === UNAUTHORISED ? "WAYBILL_ADMIN_KEY must hold an admin key: wba_..." : NEXT_STEPS[code];
  return new Refusal(step === undefined ? said : `${said}\n${step}`, code, problems);
}

export function notTheApi(what: string): Ending {
  return new Ending(`${what}, which the admin API never does: is WAYBILL_ADMIN_URL the address of it?`, EXIT.failed);
}

/** `error` is what fetch threw. */
export function notReached(origin: string, error: unknown): Ending {
  const isLate = error instanceof Error && error.name === "TimeoutError";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = isLate ? "it did not answer in time" : cause instanceof Error ? cause.message : String(cause);
  return new Ending(
    `the admin API at ${origin} cannot be reached: ${reason || "nobody listens there"}\nIs the stack running? \`npm start\` brings one up.`,
    EXIT.failed,
  );
}

interface SaidError {
  code: string;
  /** Undefined: this is no error of ours. */
  message: string | undefined;
  param: string | undefined;
  problems: Problem[];
}

function readError(text: string): SaidError {
  const error = fieldOf(parse(text), "error");
  const problems = fieldOf(error, "problems");
  return {
    code: textOf(error, "code") ?? "",
    message: textOf(error, "message"),
    param: textOf(error, "param"),
    problems: Array.isArray(problems) ? problems.map(problemOf) : [],
  };
}

function problemOf(value: unknown): Problem {
  return {
    node: textOf(value, "node") ?? "",
    field: textOf(value, "field") ?? "",
    problem: textOf(value, "problem") ?? "",
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const field = fieldOf(value, name);
  return typeof field === "string" ? field : undefined;
}
