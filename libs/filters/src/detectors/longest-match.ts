// How many characters a regular expression can match at most, told from its text. What is held back of a stream has to be bounded, so a
// pattern without an end is refused, and so is what depends on where a text begins or ends.

/** At most this many characters, or what is wrong with the pattern for this purpose. */
export type Longest = { characters: number } | { problem: string };

/** `source` is a pattern that RE2 has taken. */
export function longestMatch(source: string): Longest {
  const reader = new Reader(source);
  try {
    return { characters: reader.read() };
  } catch (error) {
    if (error instanceof Unbounded) return { problem: error.message };
    throw error;
  }
}

class Unbounded extends Error {}

/** \d, \w, \s, \pL, \x41 and so on: one character, or a place between two. */
const ESCAPE = /\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{\^?\w+\}|[pP]\w|[0-7]{1,3}|.)/suy;
const REPEAT = /\{(\d+)(,(\d*))?\}/y;
const FLAGS_ALONE = /\(\?[imsU-]+\)/y;
const GROUP = /\((?:\?(?:P?<\w+>|[imsU-]*:))?/y;
/** Sets of characters, which may hold [:alpha:] and escaped brackets. */
const SET = /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/suy;

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): number {
    const longest = this.#alternatives();
    if (this.#at < this.#source.length) throw new Unbounded("has a bracket that closes nothing");
    return longest;
  }

  #alternatives(): number {
    let longest = this.#sequence();
    while (this.#source[this.#at] === "|") {
      this.#at += 1;
      longest = Math.max(longest, this.#sequence());
    }
    return longest;
  }

  #sequence(): number {
    let sum = 0;
    for (;;) {
      const next = this.#source[this.#at];
      if (next === undefined || next === "|" || next === ")") return sum;
      sum += this.#atom() * this.#repeats();
    }
  }

  #atom(): number {
    const next = this.#source[this.#at];
    if (next === "^" || next === "$") throw new Unbounded(`must not have ${next}: a text may come in pieces`);
    if (next === "(") return this.#group();
    if (next === "[") {
      this.#take(SET);
      return 1;
    }
    if (next === "\\") return this.#escape();
    this.#at += String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0).length;
    return 1;
  }

  #escape(): number {
    const escaped = this.#take(ESCAPE);
    if (escaped === "\\b" || escaped === "\\B") return 0;
    if (/^\\[AzZQEC]$/.test(escaped)) throw new Unbounded(`must not have ${escaped}`);
    return 1;
  }

  #group(): number {
    if (this.#take(FLAGS_ALONE) !== "") return 0;
    this.#take(GROUP);
    const longest = this.#alternatives();
    this.#at += 1;
    return longest;
  }

  /** How often the atom before may come at most. */
  #repeats(): number {
    let most = 1;
    for (;;) {
      const next = this.#source[this.#at];
      if (next === "*" || next === "+")
        throw new Unbounded(`must have an end: write {0,50} or {1,50} instead of ${next}`);
      if (next === "?") this.#at += 1;
      else {
        REPEAT.lastIndex = this.#at;
        const repeat = REPEAT.exec(this.#source);
        if (!repeat) return most;
        this.#at += repeat[0].length;
        const [, least = "", more, top] = repeat;
        if (more !== undefined && top === "") throw new Unbounded(`must have an end: ${repeat[0]} has none`);
        most *= Number(top ?? least);
      }
    }
  }

  #take(expected: RegExp): string {
    expected.lastIndex = this.#at;
    const taken = expected.exec(this.#source)?.[0] ?? "";
    this.#at += taken.length;
    return taken;
  }
}
