// The catalogue holds what can happen, nothing else: every code is thrown, answered or recorded somewhere, and a test makes it happen.
import { ERRORS } from "@waybill/domain";
import { houseRule, isTest, type Rule, type SourceFile, sample } from "./repository.ts";

const CATALOGUE = "libs/domain/src/errors.ts";

const codesAreUsed = (codes: readonly string[]): Rule => {
  return (files) => {
    const used = new Set(files.filter(isOurCode).flatMap(wordsOf));
    return codes.filter((code) => !used.has(code)).map((code) => `nothing says ${code}; take it out of ${CATALOGUE}`);
  };
};

function isOurCode({ path }: SourceFile): boolean {
  return /^(services|libs)\/.*\.ts$/.test(path) && !isTest(path) && path !== CATALOGUE;
}

/** Codes are texts, or names of properties in tables of codes; what a comment says does not count. */
function wordsOf({ text }: SourceFile): string[] {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(/"([a-z_]+)"|\b([a-z_]+):/g)].map(([, quoted, named]) => quoted ?? named ?? "");
}

houseRule("every error code is used", codesAreUsed(Object.keys(ERRORS)), {
  breaks: { "a code that nothing says": [sample("services/x/src/a.ts", "export const x = 1;")] },
});

/** Tests that go through the whole catalogue, or that only name it, show of no code that it comes about. */
const NO_PROOF = /^(libs\/domain|libs\/surfaces\/src\/surfaces|test\/tidy)\b/;

const codesAreTested = (codes: readonly string[]): Rule => {
  return (files) => {
    const tests = files.filter(({ path }) => isTest(path) && path.endsWith(".ts") && !NO_PROOF.test(path));
    const named = new Set(tests.flatMap(wordsOf).concat(tests.flatMap(statusesOf)));
    return codes.filter((code) => !named.has(code)).map((code) => `no test makes ${code} happen`);
  };
};

/** Tables of tests say `404 not_found`. */
function statusesOf({ text }: SourceFile): string[] {
  return [...text.matchAll(/\b[45]\d\d ([a-z_]+)\b/g)].map(([, code = ""]) => code);
}

houseRule("every error code is made to happen by a test", codesAreTested(Object.keys(ERRORS)), {
  breaks: {
    "a code that no test names": [sample("services/x/src/a.test.ts", 'assert.equal(code, "not_found");')],
    "a catalogue that is only listed": [
      sample(
        "libs/domain/src/a.test.ts",
        Object.keys(ERRORS)
          .map((code) => `"${code}"`)
          .join(),
      ),
    ],
  },
});
