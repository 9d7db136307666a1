// What is pure is easy to test, so it is: every file in core/ has its test beside it.
import { houseRule, type Rule, sample } from "./repository.ts";

/** Only types: there is nothing to run. */
const hasOnlyTypes = (text: string): boolean =>
  !/^(export )?(default |async |abstract )*(function|class|const|let|var)\b/m.test(text) &&
  !/^export (\*|\{)/m.test(text);

const coreIsTested: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  return files
    .filter(({ path }) => /^(services|libs)\/[^/]+\/src\/core\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"))
    .filter(({ path, text }) => !paths.has(path.replace(/\.ts$/, ".test.ts")) && !hasOnlyTypes(text))
    .map(({ path }) => `${path} has no test beside it`);
};

const grant = sample("services/budget/src/core/grant.ts", "export function grant() {}\n");

houseRule("every file in core/ has a test", coreIsTested, {
  breaks: {
    "an untested core": [grant],
    "a test elsewhere": [grant, "services/budget/src/grant.test.ts"],
    "a constant without a test": [sample("services/budget/src/core/a.ts", "export const LIMIT = 1;\n")],
  },
  passes: {
    "a test beside it": [grant, "services/budget/src/core/grant.test.ts"],
    "types alone": [sample("services/budget/src/core/a.ts", "// Types.\nexport interface A {\n  x: 1;\n}\n")],
  },
});
