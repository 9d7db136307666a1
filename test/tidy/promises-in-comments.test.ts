// Work that is left has a number in the tracker, or it is forgotten; nothing is switched off in silence.
import { houseRule, type Rule, sample } from "./repository.ts";

const isOurs = (path: string): boolean => /\.(ts|mjs|sql|proto|sh|conf)$/.test(path) && !path.startsWith("test/tidy/");

const marksHaveNumbers: Rule = (files) =>
  linesOf(files, /\b(TODO|FIXME|XXX|HACK)\b/)
    .filter(({ line }) => !/\b(TODO|FIXME|XXX|HACK)\b\s*\(?#\d+/.test(line))
    .map(({ place }) => `${place} leaves work without an issue number`);

const nothingIsSwitchedOff: Rule = (files) => [
  ...linesOf(files, /@ts-(ignore|nocheck)|biome-ignore-all|eslint-disable/).map(
    ({ place }) => `${place} silences a tool`,
  ),
  ...linesOf(files, /biome-ignore\b(?!-)(?!.*: \S)|@ts-expect-error\s*$/).map(
    ({ place }) => `${place} silences without a reason`,
  ),
  ...linesOf(files, /\b(it|test|describe)\.only\(/).map(({ place }) => `${place} runs alone and hides the others`),
];

function linesOf(files: Parameters<Rule>[0], wanted: RegExp): { line: string; place: string }[] {
  return files
    .filter(({ path }) => isOurs(path))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
        .filter(({ line }) => wanted.test(line)),
    );
}

houseRule("work that is left has an issue number", marksHaveNumbers, {
  breaks: {
    "a bare TODO": [sample("libs/bus/src/x.ts", "// TODO: later\n")],
    "a bare FIXME in SQL": [sample("services/x/migrations/1.sql", "-- FIXME slow\n")],
  },
  passes: { "a numbered one": [sample("libs/bus/src/x.ts", "// TODO(#12): later\n// FIXME #3\n")] },
});

houseRule("nothing is switched off in silence", nothingIsSwitchedOff, {
  breaks: {
    "an ignored type error": [sample("libs/bus/src/x.ts", "// @ts-ignore\n")],
    "an ignored rule without a reason": [sample("libs/bus/src/x.ts", "// biome-ignore lint/style/useConst\n")],
    "a whole file": [sample("libs/bus/src/x.ts", "// biome-ignore-all lint: no\n")],
    "a lonely test": [sample("libs/bus/src/x.test.ts", 'it.only("x", () => {});\n')],
  },
  passes: { "a reasoned exception": [sample("libs/x.ts", "// biome-ignore lint/a/b: bytes are compared here\n")] },
});
