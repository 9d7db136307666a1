// The body's `routing_config`, as Azure's Model Router names it: what the client asks of an `auto` node for this request. It
// is for the gateway alone and never reaches a provider.
import { WaybillError } from "@waybill/domain";

export const ROUTING_MODES = ["quality", "balanced", "cost"] as const;
export const SESSION_STRATEGIES = ["adaptive", "sticky", "none"] as const;
type RoutingMode = (typeof ROUTING_MODES)[number];
type SessionStrategy = (typeof SESSION_STRATEGIES)[number];

/** Undefined or empty: not said. */
export interface RoutingAsked {
  mode: RoutingMode | undefined;
  models: readonly string[];
  requireParameters: boolean | undefined;
  strategy: SessionStrategy | undefined;
  sessionId: string | undefined;
}

/** Models one request may name. */
export const ROUTING_MODELS_MAX = 64;
const MODEL_CHARACTERS_MAX = 256;
const SESSION_ID_CODE_POINTS_MAX = 256;
const FIELD = "routing_config";
const FIELDS: readonly string[] = ["mode", "models", "require_parameters", "session_affinity"];
const AFFINITY_FIELDS: readonly string[] = ["strategy", "mode", "session_id"];

/**
 * Reads and checks it; null is as good as absent. Throws WaybillError invalid_value that says everything that is wrong and
 * names the first field at fault. A session id that is none is not an error: a header may say a better one.
 */
export function readRoutingConfig(given: unknown): RoutingAsked | undefined {
  if (given === undefined || given === null) return undefined;
  const problems: Problem[] = [];
  const asked = new Reader(problems).read(given);
  const [first] = problems;
  if (!first) return asked;
  throw new WaybillError("invalid_value", {
    publicMessage: problems.map(({ param, expected }) => `${param} must be ${expected}.`).join(" "),
    param: first.param,
  });
}

/** 1 to 256 code points, of which one at least is no white space. */
export function isSessionId(given: unknown): given is string {
  if (typeof given !== "string" || given.length > 2 * SESSION_ID_CODE_POINTS_MAX || given.trim() === "") return false;
  return given.length <= SESSION_ID_CODE_POINTS_MAX || [...given].length <= SESSION_ID_CODE_POINTS_MAX;
}

/** A name that a client could ask for. Patterns are none. */
export function isModelName(given: unknown): given is string {
  return typeof given === "string" && given.length <= MODEL_CHARACTERS_MAX && /^[^\s*,]+$/.test(given);
}

/** One of `words`, or undefined. */
export function wordOf<Word extends string>(words: readonly Word[], given: unknown): Word | undefined {
  return words.find((word) => word === given);
}

interface Problem {
  param: string;
  expected: string;
}

class Reader {
  readonly #problems: Problem[];

  constructor(problems: Problem[]) {
    this.#problems = problems;
  }

  read(given: unknown): RoutingAsked {
    const config = this.#object(FIELD, given, FIELDS);
    const affinity = this.#object(`${FIELD}.session_affinity`, config.session_affinity, AFFINITY_FIELDS);
    const { session_id: sessionId } = affinity;
    return {
      mode: this.#word(`${FIELD}.mode`, config.mode, ROUTING_MODES),
      models: this.#models(config.models),
      requireParameters: this.#boolean(`${FIELD}.require_parameters`, config.require_parameters),
      strategy: this.#strategy(affinity),
      sessionId: isSessionId(sessionId) ? sessionId : undefined,
    };
  }

  #object(param: string, given: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (given === undefined || given === null) return {};
    if (typeof given !== "object" || Array.isArray(given)) {
      this.#problems.push({ param, expected: "an object" });
      return {};
    }
    for (const name of Object.keys(given)) {
      // What is asked for and not understood would be ignored in silence; the text is cut as it is the client's.
      if (!known.includes(name)) {
        this.#problems.push({
          param: `${param}.${name.slice(0, 64)}`,
          expected: `left out: known are ${known.join(", ")}`,
        });
      }
    }
    return given as Readonly<Record<string, unknown>>;
  }

  #word<Word extends string>(param: string, given: unknown, words: readonly Word[]): Word | undefined {
    if (given === undefined || given === null) return undefined;
    const word = wordOf(words, given);
    if (!word) this.#problems.push({ param, expected: `one of ${words.join(", ")}` });
    return word;
  }

  #boolean(param: string, given: unknown): boolean | undefined {
    if (given === undefined || given === null) return undefined;
    if (typeof given === "boolean") return given;
    this.#problems.push({ param, expected: "true or false" });
    return undefined;
  }

  #models(given: unknown): readonly string[] {
    const param = `${FIELD}.models`;
    if (given === undefined || given === null) return [];
    if (!Array.isArray(given) || given.length > ROUTING_MODELS_MAX) {
      this.#problems.push({ param, expected: `an array of at most ${ROUTING_MODELS_MAX} names of models` });
      return [];
    }
    for (const [index, name] of given.entries()) {
      if (!isModelName(name)) this.#problems.push({ param: `${param}[${index}]`, expected: "the name of a model" });
    }
    return given.filter(isModelName);
  }

  /** Older texts call it `mode`. */
  #strategy({ strategy, mode }: Readonly<Record<string, unknown>>): SessionStrategy | undefined {
    const param = `${FIELD}.session_affinity`;
    const now = this.#word(`${param}.strategy`, strategy, SESSION_STRATEGIES);
    const older = this.#word(`${param}.mode`, mode, SESSION_STRATEGIES);
    if (now && older && now !== older) {
      this.#problems.push({ param: `${param}.mode`, expected: "the same as strategy, or left out" });
    }
    return now ?? older;
  }
}
