// Regular expressions that match in linear time: RE2's, so without backreferences and look-around.
import { RE2JS } from "re2js";
import { MATCH_STEPS, MATCH_TEXT_CHARACTERS_MAX, PATTERN_CHARACTERS_MAX } from "./limits.ts";

export interface Pattern {
  /** True where it matches anywhere in the text; texts have at most MATCH_TEXT_CHARACTERS_MAX characters. */
  test(text: string): boolean;
  /** Steps for the longest text, at worst. */
  readonly cost: number;
}

/** The compiled pattern, or what is wrong with it. */
export function compilePattern(source: string): Pattern | string {
  if (source.length > PATTERN_CHARACTERS_MAX) return `pattern is longer than ${PATTERN_CHARACTERS_MAX} characters`;
  try {
    const pattern = RE2JS.compile(source);
    return {
      test: (text) => pattern.test(text),
      cost: pattern.programSize() * MATCH_TEXT_CHARACTERS_MAX * MATCH_STEPS,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown error";
    return `${JSON.stringify(source)} is no RE2 pattern: ${why}`;
  }
}
