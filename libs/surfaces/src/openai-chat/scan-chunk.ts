// One look at the bytes of a chat.completion.chunk, or of a legacy text_completion one: how much text it carries, how it finished,
// whether it holds usage or an error. A stream has hundreds of these, so they are walked and not parsed; what is rare is left to
// JSON.parse.

export interface ScannedChunk {
  /** False: not a JSON object, or broken in the middle. */
  isWellFormed: boolean;
  /** UTF-8 bytes of all text in the deltas: content, reasoning, refusals, tool calls. */
  textBytes: number;
  /** Tokens that the deltas evidence: at least one each, else a quarter of their bytes. */
  evidencedTokens: number;
  /** True when `choices` has an element. */
  hasChoices: boolean;
  /** The last finish_reason that is a text; empty: none. */
  finishReason: string;
  /** True when `usage` is an object, or `x_groq`, which may hold one; parse the event to read it. */
  hasUsage: boolean;
  /** True when `error` is there and not null; parse the event to read it. */
  hasError: boolean;
}

/** Roughly what a token of text weighs; a floor, since real tokenizers rarely do better. */
const BYTES_PER_TOKEN = 4;
/** Deeper nesting than any provider sends; beyond it an event counts as broken. */
const DEPTH_MAX = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LETTER_N = 0x6e;
const LETTER_U = 0x75;

/** Scans the data of one event. Never throws. */
export function scanChunk(data: Uint8Array): ScannedChunk {
  const found: ScannedChunk = {
    isWellFormed: true,
    textBytes: 0,
    evidencedTokens: 0,
    hasChoices: false,
    finishReason: "",
    hasUsage: false,
    hasError: false,
  };
  try {
    new Walker(data, found).run();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    found.isWellFormed = false;
  }
  return found;
}

class Broken extends Error {}

/** What the walker is inside of. */
const TOP = 0;
const CHOICES = 1;
const CHOICE = 2;
const DELTA = 3;
const OTHER = 4;

class Walker {
  readonly #data: Uint8Array;
  readonly #found: ScannedChunk;
  #at = 0;
  #depth = 0;
  #deltaBytes = 0;

  constructor(data: Uint8Array, found: ScannedChunk) {
    this.#data = data;
    this.#found = found;
  }

  run(): void {
    if (this.#peek() !== OPEN_OBJECT) throw new Broken();
    this.#container(TOP, CLOSE_OBJECT);
    if (this.#peek() !== undefined) throw new Broken();
  }

  /** Passes over an object or an array, looking at its members by where it is. */
  #container(where: number, close: number): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Broken();
    if (this.#peek() === close) this.#at += 1;
    else {
      for (;;) {
        if (close === CLOSE_OBJECT) this.#field(where);
        else this.#element(where);
        const byte = this.#peek();
        this.#at += 1;
        if (byte === close) break;
        if (byte !== COMMA) throw new Broken();
      }
    }
    this.#depth -= 1;
  }

  #field(where: number): void {
    if (this.#peek() !== QUOTE) throw new Broken();
    const from = this.#at + 1;
    this.#string();
    const to = this.#at - 1;
    if (this.#peek() !== COLON) throw new Broken();
    this.#at += 1;
    if (where === OTHER) this.#value(OTHER);
    else if (where === DELTA) this.#inDelta(from, to);
    else if (where === CHOICE) this.#inChoice(from, to);
    else this.#onTop(from, to);
  }

  #element(where: number): void {
    if (where === CHOICES) {
      this.#found.hasChoices = true;
      this.#value(CHOICE);
    } else if (where === DELTA && this.#peek() === QUOTE) this.#deltaBytes += this.#string();
    else this.#value(where);
  }

  #onTop(from: number, to: number): void {
    const first = this.#peek();
    if (first === OPEN_ARRAY && this.#is("choices", from, to)) {
      this.#value(CHOICES);
      return;
    }
    const isUsage = this.#is("usage", from, to) || this.#is("x_groq", from, to);
    if (first === OPEN_OBJECT && isUsage) this.#found.hasUsage = true;
    if (first !== LETTER_N && this.#is("error", from, to)) this.#found.hasError = true;
    this.#value(OTHER);
  }

  #inChoice(from: number, to: number): void {
    const first = this.#peek();
    if (first === OPEN_OBJECT && this.#is("delta", from, to)) {
      this.#deltaBytes = 0;
      this.#value(DELTA);
      this.#found.textBytes += this.#deltaBytes;
      this.#found.evidencedTokens += Math.ceil(this.#deltaBytes / BYTES_PER_TOKEN);
    } else if (first === QUOTE && this.#is("finish_reason", from, to)) {
      const start = this.#at + 1;
      this.#string();
      this.#found.finishReason = ascii(this.#data, start, this.#at - 1);
    } else if (first === QUOTE && this.#is("text", from, to)) {
      // A legacy completion's chunk has no delta: its text stands in the choice.
      const bytes = this.#string();
      this.#found.textBytes += bytes;
      this.#found.evidencedTokens += Math.ceil(bytes / BYTES_PER_TOKEN);
    } else this.#value(OTHER);
  }

  /** Every text at any depth below a delta was generated, but for a few names. */
  #inDelta(from: number, to: number): void {
    if (this.#peek() !== QUOTE) {
      this.#value(DELTA);
      return;
    }
    const bytes = this.#string();
    const isName = this.#is("role", from, to) || this.#is("id", from, to) || this.#is("type", from, to);
    if (!isName) this.#deltaBytes += bytes;
  }

  #value(where: number): void {
    const first = this.#peek();
    if (first === QUOTE) this.#string();
    else if (first === OPEN_OBJECT) this.#container(where, CLOSE_OBJECT);
    else if (first === OPEN_ARRAY) this.#container(where, CLOSE_ARRAY);
    else this.#literal();
  }

  /** true, false, null or a number: anything up to what may follow a value. */
  #literal(): void {
    const from = this.#at;
    for (; this.#at < this.#data.length; this.#at += 1) {
      const byte = this.#data[this.#at] ?? 0;
      const isLetterOrDigit = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
      if (!isLetterOrDigit && byte !== 0x2d && byte !== 0x2e && byte !== 0x2b && byte !== 0x45) break;
    }
    if (this.#at === from) throw new Broken();
  }

  /** Passes over a string and returns how many UTF-8 bytes it stands for. */
  #string(): number {
    const data = this.#data;
    const length = data.length;
    let escaped = 0;
    for (let at = this.#at + 1; at < length; at += 1) {
      const byte = data[at];
      if (byte === QUOTE) {
        const bytes = at - this.#at - 1 - escaped;
        this.#at = at + 1;
        return bytes;
      }
      if (byte === BACKSLASH) {
        at += 1;
        // Most characters written as \u take two or three bytes; this only feeds an estimate.
        escaped += data[at] === LETTER_U ? 3 : 1;
      }
    }
    throw new Broken();
  }

  /** True when the name at [from, to) is `name`; no text is made of it. */
  #is(name: string, from: number, to: number): boolean {
    if (to - from !== name.length) return false;
    for (let index = 0; index < name.length; index += 1) {
      if (this.#data[from + index] !== name.charCodeAt(index)) return false;
    }
    return true;
  }

  #peek(): number | undefined {
    for (;;) {
      const byte = this.#data[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at += 1;
    }
  }
}

/** Reasons are short and ASCII; anything else is cut to nothing. */
function ascii(data: Uint8Array, from: number, to: number): string {
  if (to - from > 64) return "";
  let text = "";
  for (let at = from; at < to; at += 1) text += String.fromCharCode(data[at] ?? 0);
  return text;
}
