// Problems as lines: file, node, field, and what is wrong.
import type { Problem } from "../exit-codes.ts";
import { plainText } from "./plain-text.ts";

/** One line each, `file: node: field: problem`; what is empty is left out. */
export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map(({ path = "", node, field, problem }) =>
    plainText([path, node, field, problem].filter((part) => part !== "").join(": ")),
  );
}
