// Changes texts of a JSON body where they stand. Every other byte stays as it came, also where a key comes twice and a parsed object
// would know one of its values only.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** What a text becomes; the same text: it stays. `keys`: the fields it lies in, from the outside; lists have none. */
export type ChangeText = (text: string, keys: readonly string[]) => string;

/** `body` is well-formed JSON. The same object where nothing changes. */
export function rewriteTexts(body: Buffer, change: ChangeText): Buffer {
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const { start, end, keys } of textsOf(body)) {
    const before = decode(body, start, end);
    const after = change(before, keys);
    if (after === before) continue;
    pieces.push(body.subarray(copied, start), Buffer.from(JSON.stringify(after)));
    copied = end;
  }
  return copied === 0 ? body : Buffer.concat([...pieces, body.subarray(copied)]);
}

interface TextSpan {
  /** Offset of its first quote, and the one behind its last. */
  start: number;
  end: number;
  /** Valid until the next one is asked for. */
  keys: readonly string[];
}

function* textsOf(body: Buffer): Generator<TextSpan> {
  const keys: string[] = [];
  /** True for every open container that is an object. */
  const isObject: boolean[] = [];
  let expectsKey = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) {
      const end = endOfText(body, at);
      if (expectsKey) keys[keys.length - 1] = decode(body, at, end);
      else yield { start: at, end, keys };
      at = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      expectsKey = byte === OPEN_OBJECT;
      isObject.push(expectsKey);
      if (expectsKey) keys.push("");
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (isObject.pop()) keys.pop();
      expectsKey = false;
    } else if (byte === COLON) expectsKey = false;
    else if (byte === COMMA) expectsKey = isObject.at(-1) === true;
  }
}

/** Behind the quote that ends the text beginning at `start`. */
function endOfText(body: Buffer, start: number): number {
  for (let at = start + 1; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  throw new RangeError("a text has no end");
}

function decode(body: Buffer, start: number, end: number): string {
  const raw = body.toString("utf8", start + 1, end - 1);
  return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
}
