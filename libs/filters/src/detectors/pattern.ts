// A regular expression of the operator's own. RE2 matches in linear time, so none can hang the ingress.
import { RE2JS } from "re2js";
import type { Detector } from "./detector.ts";
import { longestMatch } from "./longest-match.ts";

const PATTERN_CHARACTERS_MAX = 1_024;
/** What a pattern may match at most; it is held back of every stream. */
const MATCH_CHARACTERS_MAX = 256;
/** Instructions of the compiled pattern: time is this times the length of a text, at worst. */
const PROGRAM_SIZE_MAX = 4_096;
const UNITS_PER_CHARACTER = 2;

/** The detector, or what is wrong with the pattern, as a phrase behind its name. */
export function detectPattern(source: string): Detector | string {
  if (source.length > PATTERN_CHARACTERS_MAX) return `is longer than ${PATTERN_CHARACTERS_MAX} characters`;
  const compiled = compile(source);
  if (typeof compiled === "string") return compiled;
  const longest = longestMatch(source);
  if ("problem" in longest) return longest.problem;
  const { characters } = longest;
  if (characters > MATCH_CHARACTERS_MAX) {
    return `may match ${characters} characters, and ${MATCH_CHARACTERS_MAX} are the most`;
  }
  if (characters === 0 || compiled.test("")) return "must not match an empty text";
  if (compiled.programSize() > PROGRAM_SIZE_MAX) return "is too complex";
  // A whole text is asked for again and again.
  let last = { text: "", matcher: compiled.matcher("") };
  return {
    kind: "pattern",
    find(text, from) {
      if (last.text !== text) last = { text, matcher: compiled.matcher(text) };
      const { matcher } = last;
      for (let at = from; at <= text.length; at = matcher.start() + 1) {
        if (!matcher.find(at)) return undefined;
        if (matcher.end() > matcher.start()) return { kind: "pattern", start: matcher.start(), end: matcher.end() };
      }
      return undefined;
    },
    // One more character is looked at for \b.
    settled: (text) => Math.max(0, text.length - UNITS_PER_CHARACTER * (characters + 1)),
  };
}

function compile(source: string): RE2JS | string {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    return `is no RE2 pattern: ${error instanceof Error ? error.message : "unknown error"}`;
  }
}
