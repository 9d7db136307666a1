// What a detector promises, so that a text can be looked at while it is still coming in and gives the same findings as the whole.

/** A place in a text, in UTF-16 units. What stands there never leaves this library but redacted. */
export interface Finding {
  /** What it is, e.g. credit_card. */
  kind: string;
  start: number;
  end: number;
}

/**
 * Whether a finding begins at a place depends on the CONTEXT_UNITS before it and on what follows up to where `settled` says.
 * So a text that comes in pieces is searched as if it were whole.
 */
export interface Detector {
  readonly kind: string;
  /** The first finding that begins at `from` or later, of at least one unit. */
  find(text: string, from: number): Finding | undefined;
  /** Up to here (exclusive) no text that may still follow changes which findings begin. `text` is not over. */
  settled(text: string): number;
}

/** What a detector may look at before the place where a finding begins. */
export const CONTEXT_UNITS = 80;

/**
 * `settled` for findings that consist of some characters only, of at most `reach` units with the one behind: everything before
 * the last such run, and what is further from the end than a finding reaches.
 */
export function beforeLastRun(text: string, isPart: RegExp, reach: number): number {
  const least = Math.max(0, text.length - reach);
  let start = text.length;
  while (start > least && isPart.test(text.charAt(start - 1))) start -= 1;
  return start;
}

export interface PatternDetector {
  kind: string;
  /** With the flag g. It looks back at one character at most. */
  pattern: RegExp;
  /** Characters of a finding, and of what the pattern looks at behind it unless that ends it. Without the flag g. */
  part: RegExp;
  /** The longest finding and the characters behind it that the pattern looks at. */
  reach: number;
  isValid?(found: string): boolean;
}

/** A detector by a regular expression of bounded length, and a check of what it found. */
export function detectBy({ kind, pattern, part, reach, isValid = () => true }: PatternDetector): Detector {
  return {
    kind,
    find(text, from) {
      for (pattern.lastIndex = from; ; ) {
        const match = pattern.exec(text);
        if (!match) return undefined;
        const start = match.index;
        if (isValid(match[0])) return { kind, start, end: start + match[0].length };
        pattern.lastIndex = start + 1;
      }
    },
    settled: (text) => beforeLastRun(text, part, reach),
  };
}
