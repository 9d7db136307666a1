// JSON text as detectors see it: what an escape stands for is not theirs to find, and no finding ends inside of one. Nothing is
// decoded, so that every place is the same place in the text itself.

const FIRST = "\u0001";
const REST = "\u0002";
/** A backslash and what belongs to it; of a \\u that is none, two characters. The marks above never stand in JSON unescaped. */
const ESCAPES = /\\(?:u[0-9A-Fa-f]{4}|.|$)/gs;
const LAST_IS_OPEN = /\\(?:u[0-9A-Fa-f]{0,3})?$/;

export class JsonPieces {
  #open = "";

  /** The next piece, and whatever of the last one waited; an escape that is not whole waits. */
  push(piece: string): string {
    const text = this.#open + piece;
    this.#open = openEscape(text);
    return text.slice(0, text.length - this.#open.length);
  }

  /** What still waits. */
  end(): string {
    const rest = this.#open;
    this.#open = "";
    return rest;
  }
}

/** An escape at the end that is not whole; the text before holds whole ones. */
function openEscape(text: string): string {
  const open = LAST_IS_OPEN.exec(text)?.[0] ?? "";
  if (open === "") return "";
  let backslashes = 0;
  while (text[text.length - open.length - 1 - backslashes] === "\\") backslashes += 1;
  // An escaped backslash, and letters behind it.
  return backslashes % 2 === 0 ? open : "";
}

/** The text with every escape made unreadable, place by place. */
export function maskEscapes(text: string): string {
  return text.includes("\\") ? text.replace(ESCAPES, (escaped) => FIRST + REST.repeat(escaped.length - 1)) : text;
}

/** Widens [start, end) of a masked text to whole escapes. */
export function wholeEscapes(masked: string, start: number, end: number): { start: number; end: number } {
  let from = start;
  let to = end;
  while (masked[from] === REST) from -= 1;
  while (masked[to] === REST) to += 1;
  return { start: from, end: to };
}
