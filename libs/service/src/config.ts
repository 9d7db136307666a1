// Configuration: every setting is declared with its type, default, range and meaning; all problems are reported together.

/** A value that must never be printed. Turns into *** in logs, JSON and templates. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The secret itself; call this only where it is sent. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "***";
  }
  toJSON(): string {
    return "***";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "***";
  }
}

/** One declared setting. `parse` returns a value or throws an Error whose message names what is allowed. */
export interface Setting<T> {
  meaning: string;
  /** Text used when the variable is absent or empty; undefined: the setting is required. */
  fallback: string | undefined;
  /** What may be set, in words; undefined: any text. */
  allowed?: string;
  parse(text: string): T;
}

/** Variable name -> setting. */
export type Settings = Record<string, Setting<unknown>>;
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Any text. */
export function text(options: { meaning: string; fallback?: string }): Setting<string> {
  return { meaning: options.meaning, fallback: options.fallback, parse: (value) => value };
}

/** A whole number within [min, max]. The unit belongs in the variable's name. */
export function integer(options: { meaning: string; fallback?: number; min: number; max: number }): Setting<number> {
  const { min, max } = options;
  const allowed = `a whole number from ${min} to ${max}`;
  return {
    meaning: options.meaning,
    fallback: options.fallback === undefined ? undefined : String(options.fallback),
    allowed,
    parse(value) {
      const number = Number(value);
      if (!Number.isInteger(number) || number < min || number > max) throw new Error(`must be ${allowed}`);
      return number;
    },
  };
}

/** A secret; prints as ***. */
export function secret(options: { meaning: string; fallback?: string }): Setting<Secret> {
  const { meaning, fallback } = options;
  return { meaning, fallback, allowed: "a secret; never printed", parse: (value) => new Secret(value) };
}

/** A comma-separated list; blanks are dropped. */
export function list(options: { meaning: string; fallback?: string }): Setting<string[]> {
  return {
    meaning: options.meaning,
    fallback: options.fallback,
    allowed: "a list, comma separated",
    parse: (value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
  };
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(
  words: W,
  options: { meaning: string; fallback?: W[number] },
): Setting<W[number]> {
  const allowed = `one of ${words.join(", ")}`;
  return {
    meaning: options.meaning,
    fallback: options.fallback,
    allowed,
    parse(value) {
      const found = words.find((word) => word === value);
      if (found === undefined) throw new Error(`must be ${allowed}`);
      return found;
    },
  };
}

/** Every problem of a configuration at once, one line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem(s):\n${problems.map((p) => `  ${p}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Reads declared settings from an environment. Throws ConfigError with every problem. */
export function readConfig<S extends Settings>(settings: S, environment: NodeJS.ProcessEnv): ConfigOf<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = environment[name];
    const value = given === undefined || given === "" ? setting.fallback : given;
    if (value === undefined) {
      problems.push(`${name} is required: ${setting.meaning}`);
      continue;
    }
    try {
      values[name] = setting.parse(value);
    } catch (error) {
      problems.push(`${name} ${error instanceof Error ? error.message : String(error)} (${setting.meaning})`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as ConfigOf<S>;
}
