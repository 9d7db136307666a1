// A reader opens a file and is told what lives in it. A test with the name of the file beside it is about that file.
import { houseRule, type Rule, sample } from "./repository.ts";

const OPENINGS: readonly [files: RegExp, opening: RegExp][] = [
  [/\.(ts|mjs)$/, /^(#!.*\n)?(\/\/|\/\*)[ \t]*\S/],
  [/\.proto$/, /^\/\/[ \t]*\S/],
  [/\.sql$/, /^--[ \t]*\S/],
  [/(\.sh|(^|\/)run)$/, /^(#!.*\n)#[ \t]*\S/],
];

const filesOpenWithAComment: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  const isNamedForItsNeighbour = (path: string): boolean =>
    path.endsWith(".test.ts") && paths.has(path.replace(/\.test\.ts$/, ".ts"));
  return files
    .filter(({ path }) => !isNamedForItsNeighbour(path))
    .filter(({ path, text }) => OPENINGS.some(([which, opening]) => which.test(path) && !opening.test(text)))
    .map(({ path }) => `${path} does not open with a comment on what lives in it`);
};

houseRule("every file opens with a comment", filesOpenWithAComment, {
  breaks: {
    "code at once": [sample("libs/bus/src/x.ts", 'import "./y.ts";\n// Late.\n')],
    "an empty comment": [sample("libs/bus/src/x.ts", "//\nexport {};\n")],
    "bare SQL": [sample("services/x/migrations/0001_x.sql", "CREATE SCHEMA x;\n")],
    "a bare proto": [sample("proto/x.proto", 'syntax = "proto3";\n')],
    "a test named for something else": [sample("libs/bus/src/z.test.ts", "export {};\n")],
    "a bare script": [sample(".ci/run", "#!/bin/sh\nset -e\n")],
  },
  passes: {
    "a comment": [sample("libs/bus/src/x.ts", "// What lives here.\n")],
    "a test of the file beside it": [
      sample("libs/bus/src/x.ts", "// What lives here.\n"),
      sample("libs/bus/src/x.test.ts", "export {};\n"),
    ],
    "a program": [sample("libs/x.mjs", "#!/usr/bin/env node\n// What it does.\n")],
  },
});
