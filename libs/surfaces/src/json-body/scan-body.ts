// One pass over the bytes of a JSON object: where its top-level fields stand, and whether its shape is safe to route on.
// What is patched later is patched at these offsets, so routing and provider can never see two different `model`s.
import { isUtf8 } from "node:buffer";
import { WaybillError } from "@waybill/domain";

/** Where a top-level field stands. Offsets are bytes; the value is [valueStart, valueEnd). */
export interface FieldSpan {
  name: string;
  pairStart: number;
  valueStart: number;
  valueEnd: number;
}

export interface ScannedBody {
  /** The parsed object. It has no `__proto__` key at any depth and no field twice at the top. */
  value: Record<string, unknown>;
  fields: ReadonlyMap<string, FieldSpan>;
  /** Offset just behind the opening brace: where a field can be inserted. */
  insertAt: number;
}

/** Deeper nesting than any honest request has; a bomb is refused before it is parsed. */
export const DEPTH_MAX = 128;
/** More top-level fields than any dialect has. */
const TOP_FIELDS_MAX = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Scans and parses a request body. Throws WaybillError: invalid_json for what is not a JSON object in valid UTF-8,
 * invalid_value (with `param`) for doubled fields, `__proto__` keys and absurd depth.
 */
export function scanBody(body: Buffer): ScannedBody {
  if (!isUtf8(body)) throw new WaybillError("invalid_json", { publicMessage: "The request body is not valid UTF-8." });
  const scanner = new Scanner(body);
  scanner.run();
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new WaybillError("invalid_json", {
      publicMessage: `The request body is not valid JSON${positionOf(error)}.`,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notAnObject();
  return { value: value as Record<string, unknown>, fields: scanner.fields, insertAt: scanner.insertAt };
}

function notAnObject(): WaybillError {
  return new WaybillError("invalid_json", { publicMessage: "The request body must be a JSON object." });
}

/** V8 names the position and quotes the text around it; the position helps, the text might be a prompt. */
function positionOf(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? "" : ` (at byte ${position} or near it)`;
}

/**
 * Follows braces, brackets and strings only; JSON.parse judges the rest. Anything malformed makes the scan stop early,
 * because JSON.parse refuses it anyway.
 */
class Scanner {
  readonly fields = new Map<string, FieldSpan>();
  insertAt = 0;
  readonly #body: Buffer;
  /** True for every open container that is an object. */
  readonly #isObject: boolean[] = [];
  #expectKey = false;
  #current: { name: string; pairStart: number; valueStart: number } | undefined;

  constructor(body: Buffer) {
    this.#body = body;
  }

  run(): void {
    const body = this.#body;
    const start = skipSpace(body, 0);
    if (body[start] !== OPEN_OBJECT) throw notAnObject();
    this.insertAt = start + 1;
    for (let at = start; at < body.length; at += 1) {
      const byte = body[at];
      if (byte === QUOTE) {
        const end = endOfString(body, at);
        if (end < 0) return;
        if (this.#expectKey) this.#onKey(at, end);
        at = end;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#open(byte === OPEN_OBJECT);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#onValueEnd(at);
        this.#isObject.pop();
        this.#expectKey = false;
        if (this.#isObject.length === 0) return;
      } else if (byte === COMMA) {
        this.#onValueEnd(at);
        this.#expectKey = this.#isObject.at(-1) === true;
      }
    }
  }

  #open(isObject: boolean): void {
    this.#isObject.push(isObject);
    this.#expectKey = isObject;
    if (this.#isObject.length > DEPTH_MAX) {
      throw new WaybillError("invalid_value", {
        publicMessage: `The request body is nested deeper than ${DEPTH_MAX} levels.`,
        ...(this.#current && { param: this.#current.name }),
      });
    }
  }

  #onKey(quote: number, endQuote: number): void {
    this.#expectKey = false;
    const isTop = this.#isObject.length === 1;
    // Below the top only one key matters, and no honest key is longer than this with every character escaped.
    if (!isTop && endQuote - quote > 60) return;
    const name = keyText(this.#body, quote, endQuote);
    if (name === "__proto__") {
      throw new WaybillError("invalid_value", {
        publicMessage: "The field name __proto__ is not allowed.",
        param: name,
      });
    }
    if (!isTop) return;
    if (this.fields.has(name) || this.#current?.name === name) {
      throw new WaybillError("invalid_value", { publicMessage: `The field ${name} appears twice.`, param: name });
    }
    if (this.fields.size >= TOP_FIELDS_MAX) {
      throw new WaybillError("invalid_value", { publicMessage: `The body has more than ${TOP_FIELDS_MAX} fields.` });
    }
    const colon = skipSpace(this.#body, endQuote + 1);
    const valueStart = this.#body[colon] === COLON ? skipSpace(this.#body, colon + 1) : colon;
    this.#current = { name, pairStart: quote, valueStart };
  }

  /** A comma or a closing bracket at `at` ends the value of a top-level field, if one is open at this level. */
  #onValueEnd(at: number): void {
    if (this.#isObject.length !== 1 || !this.#current) return;
    let valueEnd = at;
    while (valueEnd > this.#current.valueStart && isSpace(this.#body[valueEnd - 1])) valueEnd -= 1;
    const { name, pairStart, valueStart } = this.#current;
    this.fields.set(name, { name, pairStart, valueStart, valueEnd });
    this.#current = undefined;
  }
}

function keyText(body: Buffer, quote: number, endQuote: number): string {
  const raw = body.toString("utf8", quote + 1, endQuote);
  if (!raw.includes("\\")) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    // JSON.parse of the whole body refuses it with a better message.
    return raw;
  }
}

/** Offset of the quote that ends the string beginning at `quote`, or -1. */
function endOfString(body: Buffer, quote: number): number {
  for (let from = quote + 1; ; ) {
    const end = body.indexOf(QUOTE, from);
    if (end < 0) return -1;
    let backslashes = 0;
    while (body[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    from = end + 1;
  }
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (isSpace(body[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
