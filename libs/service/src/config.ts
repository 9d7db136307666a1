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
  const { meaning, fallback } = options;
  return { meaning, fallback, allowed: "a list, comma separated", parse: splitList };
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A comma-separated list of addresses as <host>:<port>; not empty, unless its fallback is. */
export function hostPorts(options: { meaning: string; fallback?: string }): Setting<string[]> {
  const allowed = "addresses as host:port, comma separated";
  return {
    meaning: options.meaning,
    fallback: options.fallback,
    allowed,
    parse(value) {
      const addresses = splitList(value);
      const isOptional = addresses.length === 0 && options.fallback === "";
      if (!isOptional && (addresses.length === 0 || !addresses.every(isHostPort)))
        throw new Error(`must be ${allowed}`);
      return addresses;
    },
  };
}

function isHostPort(text: string): boolean {
  const port = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

/** The address of a server, whose scheme is one of these: ["nats", "tls"]. */
export function url(options: { meaning: string; fallback?: string; schemes: readonly string[] }): Setting<string> {
  const { meaning, fallback, schemes } = options;
  const allowed = `a URL like ${schemes.map((scheme) => `${scheme}://host`).join(" or ")}`;
  return {
    meaning,
    fallback,
    allowed,
    parse(value) {
      if (value !== fallback && !isServerUrl(value, schemes)) throw new Error(`must be ${allowed}`);
      return value;
    },
  };
}

/** Like `url`, with a password in it; prints as ***. A refusal does not show it either. */
export function secretUrl(options: {
  meaning: string;
  fallback?: string;
  schemes: readonly string[];
}): Setting<Secret> {
  const plain = url(options);
  return {
    ...plain,
    allowed: `${plain.allowed}; a secret, never printed`,
    parse: (value) => new Secret(plain.parse(value)),
  };
}

function isServerUrl(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return hostname !== "" && schemes.some((scheme) => protocol === `${scheme}:`);
}

/** A name of letters, digits and dashes, fit for a part of a subject. */
export function dashedName(options: { meaning: string; fallback?: string }): Setting<string> {
  const allowed = "letters, digits and dashes, at most 100";
  return {
    meaning: options.meaning,
    fallback: options.fallback,
    allowed,
    parse(value) {
      if (value !== options.fallback && !/^[A-Za-z0-9-]{1,100}$/.test(value)) throw new Error(`must be ${allowed}`);
      return value;
    },
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
