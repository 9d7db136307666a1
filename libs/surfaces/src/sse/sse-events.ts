// Cuts a byte stream into whole server-sent events, wherever the network cut it. Events keep their bytes; nothing is decoded.
// The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
import { WaybillError } from "@waybill/domain";

export interface SseEvent {
  /** The event as it came, its blank line included. */
  raw: Uint8Array;
  /** The value of its `data` lines, joined by a newline; undefined for a comment or an event without data. */
  data: Uint8Array | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const DATA = [0x64, 0x61, 0x74, 0x61] as const;
const BOM = [0xef, 0xbb, 0xbf] as const;
const NEWLINE = Uint8Array.of(LF);

export class SseSplitter {
  readonly #eventBytesMax: number;
  /** The beginning of an event that is not whole yet, in pieces: they are joined only when a line ends in them. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  /** Up to here the rest was searched in vain. */
  #searched = 0;
  /** True when the rest holds a carriage return, which is rare and searched for only where there is one. */
  #restHasCr = false;
  #isAtStart = true;

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** The events that these bytes complete. Throws upstream_malformed for an event above the limit. */
  push(chunk: Uint8Array): SseEvent[] {
    const hasCr = this.#restHasCr || chunk.includes(CR);
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    this.#restHasCr = hasCr;
    if (!hasCr && !chunk.includes(LF)) {
      this.#checkSize();
      return [];
    }
    let bytes = this.#joinRest();
    if (this.#isAtStart) {
      this.#isAtStart = false;
      if (BOM.every((byte, index) => bytes[index] === byte)) bytes = bytes.subarray(BOM.length);
    }
    return this.#cut(bytes, hasCr, false);
  }

  /** What is left when the stream ends. An event without its blank line counts if its last line is whole. */
  end(): SseEvent[] {
    if (this.#restBytes === 0) return [];
    this.#searched = 0;
    return this.#cut(join([...this.#rest, Uint8Array.of(LF, LF)]), this.#restHasCr, true);
  }

  #joinRest(): Uint8Array {
    const [only] = this.#rest;
    return this.#rest.length === 1 && only ? only : join(this.#rest);
  }

  #checkSize(): void {
    if (this.#restBytes <= this.#eventBytesMax) return;
    throw new WaybillError("upstream_malformed", { detail: `an event is larger than ${this.#eventBytesMax} bytes` });
  }

  #cut(bytes: Uint8Array, hasCr: boolean, isEnd: boolean): SseEvent[] {
    const events: SseEvent[] = [];
    let start = 0;
    let line = this.#searched;
    for (;;) {
      const end = endOfLine(bytes, line, hasCr, isEnd);
      if (end === undefined) break;
      const [lineEnd, next] = end;
      if (lineEnd === line) {
        // A blank line; one without anything before it separates nothing.
        if (line > start) events.push(toEvent(bytes.subarray(start, next), hasCr));
        start = next;
      }
      line = next;
      if (next - start > this.#eventBytesMax) break;
    }
    const rest = bytes.subarray(start);
    this.#rest = rest.length === 0 ? [] : [rest];
    this.#restBytes = rest.length;
    this.#restHasCr = hasCr && rest.includes(CR);
    this.#searched = line - start;
    this.#checkSize();
    return events;
  }
}

/** Where the line ends that begins at `from`, and where the next begins; undefined when its end has not come. */
function endOfLine(
  bytes: Uint8Array,
  from: number,
  hasCr: boolean,
  isEnd: boolean,
): readonly [number, number] | undefined {
  const lf = bytes.indexOf(LF, from);
  if (hasCr) {
    const cr = bytes.indexOf(CR, from);
    if (cr >= 0 && (lf < 0 || cr < lf)) {
      // The line feed that belongs to it may still be on its way.
      if (cr + 1 === bytes.length && !isEnd) return undefined;
      return [cr, bytes[cr + 1] === LF ? cr + 2 : cr + 1];
    }
  }
  return lf < 0 ? undefined : [lf, lf + 1];
}

function toEvent(raw: Uint8Array, hasCr: boolean): SseEvent {
  let data: Uint8Array | undefined;
  for (let line = 0; line < raw.length; ) {
    const [lineEnd, next] = endOfLine(raw, line, hasCr, true) ?? [raw.length, raw.length];
    if (isDataLine(raw, line, lineEnd)) {
      let from = line + DATA.length;
      if (raw[from] === COLON) from += 1;
      if (raw[from] === SPACE) from += 1;
      const value = raw.subarray(Math.min(from, lineEnd), lineEnd);
      data = data === undefined ? value : join([data, NEWLINE, value]);
    }
    line = next;
  }
  return { raw, data };
}

function isDataLine(raw: Uint8Array, from: number, end: number): boolean {
  if (!DATA.every((byte, index) => raw[from + index] === byte)) return false;
  const behind = from + DATA.length;
  return behind === end || raw[behind] === COLON;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
