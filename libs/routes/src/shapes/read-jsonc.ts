// JSON with comments and trailing commas, as it is copied from documentation pages.
import { createScanner, getNodeValue, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { IMPORT_BYTES_MAX, IMPORT_DEPTH_MAX } from "./route-shape.ts";

const ERRORS_MAX = 10;
/** A Terraform file, not JSON. */
const HCL =
  /^[ \t]*(?:resource|module|locals|terraform|variable)[ \t]*(?:"[^"\n]*"[ \t]*){0,2}\{|^[ \t]*elements[ \t]*=/m;

/** The value, or what is wrong with the text. Never throws. */
export function readJsonc(text: string): { json: unknown } | { problems: string[] } {
  if (Buffer.byteLength(text) > IMPORT_BYTES_MAX) return { problems: [`is larger than ${IMPORT_BYTES_MAX} bytes`] };
  // The parser calls itself for every level, so the depth is known before it starts.
  if (depthOf(text) > IMPORT_DEPTH_MAX) return { problems: [`is nested deeper than ${IMPORT_DEPTH_MAX}`] };
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, " "), errors, { allowTrailingComma: true });
  if (errors.length === 0 && tree) return { json: plain(getNodeValue(tree)) };
  if (HCL.test(text)) return { problems: [IS_HCL] };
  const problems = errors.slice(0, ERRORS_MAX).map(({ error, offset }) => {
    const before = text.slice(0, offset).split("\n");
    return `is not JSON: ${printParseErrorCode(error)} in line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  });
  return { problems: problems.length > 0 ? problems : ["is empty"] };
}

const IS_HCL = "is Terraform's own language; paste the JSON of `terraform show -json` or the elements as JSON instead";

function depthOf(text: string): number {
  const scanner = createScanner(text, true);
  let depth = 0;
  let deepest = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const character = text.charAt(scanner.getTokenOffset());
    if (character === "{" || character === "[") {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === "}" || character === "]") {
      // Below zero it would make room for more depth after it.
      depth = Math.max(0, depth - 1);
    }
  }
  return deepest;
}

/** Ordinary objects; a member called __proto__ stays a member. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}
