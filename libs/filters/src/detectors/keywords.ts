// Words and phrases of the operator's own: whole words, whatever their case. Words of a phrase may have other separators between them.
import type { Detector, Finding } from "./detector.ts";

export const KEYWORDS_MAX = 1_000;
export const KEYWORD_CHARACTERS_MAX = 64;
const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
/** Between two words of a phrase: spaces, a line's end, punctuation. */
const SEPARATOR_UNITS_MAX = 4;
/** Folding case may change the length of a word: ß is as long as ss. */
const UNITS_PER_CHARACTER = 3;

/** The words of a keyword, folded. Empty: there are none, so nothing would ever be found. */
export function wordsOf(keyword: string): string[] {
  return (keyword.match(WORD) ?? []).map(fold);
}

function fold(word: string): string {
  return word.normalize("NFC").toUpperCase().toLowerCase();
}

export function detectKeywords(keywords: readonly string[]): Detector {
  const phrases = new Map<string, string[][]>();
  let reach = 0;
  for (const keyword of keywords) {
    const words = wordsOf(keyword);
    const [first, ...rest] = words;
    if (first === undefined) continue;
    phrases.set(first, [...(phrases.get(first) ?? []), rest]);
    const units = words.reduce((sum, word) => sum + word.length * UNITS_PER_CHARACTER + SEPARATOR_UNITS_MAX, 2);
    reach = Math.max(reach, units);
  }
  // The longer phrase is the better answer.
  for (const list of phrases.values()) list.sort((a, b) => b.length - a.length);
  return {
    kind: "keyword",
    find: (text, from) => findPhrase(text, from, phrases, reach),
    settled: (text) => Math.max(0, text.length - reach),
  };
}

function findPhrase(
  text: string,
  from: number,
  phrases: ReadonlyMap<string, readonly string[][]>,
  reach: number,
): Finding | undefined {
  const word = new RegExp(WORD);
  word.lastIndex = startOfNextWord(text, from);
  for (let match = word.exec(text); match; match = word.exec(text)) {
    if (match[0].length > reach) continue;
    const candidates = phrases.get(fold(match[0]));
    if (!candidates) continue;
    for (const rest of candidates) {
      const end = endOfPhrase(text, match.index + match[0].length, rest);
      if (end !== undefined && end - match.index < reach) return { kind: "keyword", start: match.index, end };
    }
  }
  return undefined;
}

/** `from` may stand inside a word whose beginning is over. */
function startOfNextWord(text: string, from: number): number {
  const before = /[\p{L}\p{M}\p{N}_]$/u.test(text.slice(Math.max(0, from - 2), from));
  if (!before) return from;
  const rest = new RegExp(WORD.source, "uy");
  rest.lastIndex = from;
  return from + (rest.exec(text)?.[0].length ?? 0);
}

function endOfPhrase(text: string, from: number, words: readonly string[]): number | undefined {
  let end = from;
  for (const wanted of words) {
    const next = /[\p{L}\p{M}\p{N}_]+/gu;
    next.lastIndex = end;
    const match = next.exec(text);
    if (!match || match.index - end > SEPARATOR_UNITS_MAX || fold(match[0]) !== wanted) return undefined;
    end = match.index + match[0].length;
  }
  return end;
}
