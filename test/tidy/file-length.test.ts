// Files stay readable in one sitting: about 400 lines, a main.ts about 60. A longer one says why in its first lines:
// `// Longer than 400 lines because …`.
import { houseRule, isTest, isTypeScript, type Rule, type SourceFile, sample } from "./repository.ts";

const LINES_MAX = 400;
const MAIN_LINES_MAX = 60;
/** Wiring is counted without its imports, which say nothing but names. */
const REASON = /^\/\/.*Longer than \d+ lines because \S/;
const REASON_WITHIN_LINES = 10;

const hasReason = ({ text }: SourceFile): boolean =>
  text
    .split("\n")
    .slice(0, REASON_WITHIN_LINES)
    .some((line) => REASON.test(line));

const lineCount = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
const withoutImports = (text: string): string => text.replace(/^import [^;]*;\n/gm, "");

const filesAreShort: Rule = (files) =>
  files
    .filter((file) => isTypeScript(file.path) && !isTest(file.path) && !hasReason(file))
    .filter(({ text }) => lineCount(text) > LINES_MAX)
    .map(
      ({ path, text }) => `${path} has ${lineCount(text)} lines; split it, or write the reason into its first lines`,
    );

const mainsAreShort: Rule = (files) =>
  files
    .filter((file) => /^services\/[^/]+\/src\/main\.ts$/.test(file.path) && !hasReason(file))
    .filter(({ text }) => lineCount(withoutImports(text)) > MAIN_LINES_MAX)
    .map(({ path, text }) => `${path} has ${lineCount(withoutImports(text))} lines besides its imports; it only wires`);

const long = "export const x = 1;\n".repeat(LINES_MAX + 1);
const excused = `// Parses. Longer than 400 lines because one state machine must be read in one piece.\n${long}`;

houseRule("files stay below about 400 lines", filesAreShort, {
  breaks: {
    "a long file": [sample("libs/bus/src/x.ts", long)],
    "a reason that gives none": [sample("libs/bus/src/x.ts", `// Longer than 400 lines because\n${long}`)],
    "a reason far below": [sample("libs/bus/src/x.ts", `${long}${excused}`)],
  },
  passes: {
    "a written reason": [sample("libs/bus/src/x.ts", excused)],
    "a test": [sample("libs/bus/src/x.test.ts", long)],
    "a file that just fits": [sample("libs/bus/src/x.ts", "export const x = 1;\n".repeat(LINES_MAX))],
  },
});

houseRule("a main.ts only wires", mainsAreShort, {
  breaks: {
    "a main with a life of its own": [sample("services/x/src/main.ts", "start();\n".repeat(MAIN_LINES_MAX + 1))],
  },
  passes: {
    "many imports": [sample("services/x/src/main.ts", `${'import {\n  y,\n} from "./y.ts";\n'.repeat(40)}start();\n`)],
  },
});
