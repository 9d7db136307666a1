// The catalogue holds what can happen, nothing else: every code is thrown, answered or recorded somewhere.
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
