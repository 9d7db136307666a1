// Private keys in PEM (RFC 7468). A key is far longer than what is held back of a stream otherwise, so from its first line on more is.
import type { Detector } from "./detector.ts";

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/;
const LINE = "-----BEGIN ";
const BEGIN_UNITS_MAX = 80;
/** RSA with 8192 bits has about 6 400. Where no end comes within this, the key is what there is of it. */
const KEY_UNITS_MAX = 8_192;

export const privateKey: Detector = {
  kind: "private_key",
  find(text, from) {
    BEGIN.lastIndex = from;
    const begin = BEGIN.exec(text);
    if (!begin) return undefined;
    const start = begin.index;
    return { kind: "private_key", start, end: endOfKey(text, start) ?? Math.min(text.length, start + KEY_UNITS_MAX) };
  },
  settled(text) {
    BEGIN.lastIndex = Math.max(0, text.length - KEY_UNITS_MAX);
    for (let begin = BEGIN.exec(text); begin; begin = BEGIN.exec(text)) {
      const end = endOfKey(text, begin.index);
      if (end === undefined) return begin.index;
      BEGIN.lastIndex = end;
    }
    return beforePartOfBeginning(text);
  },
};

/** Before what may become the line a key begins with. */
function beforePartOfBeginning(text: string): number {
  let dash = text.indexOf("-", Math.max(0, text.length - BEGIN_UNITS_MAX));
  for (; dash >= 0; dash = text.indexOf("-", dash + 1)) {
    const rest = text.slice(dash);
    if (LINE.startsWith(rest.slice(0, LINE.length)) && /^[A-Z0-9 -]*$/.test(rest)) return dash;
  }
  return text.length;
}

/** Undefined: no end within the most that a key has. */
function endOfKey(text: string, start: number): number | undefined {
  const end = END.exec(text.slice(start, start + KEY_UNITS_MAX));
  return end ? start + end.index + end[0].length : undefined;
}
