// core/ decides and nothing else: no Node, no driver, no bus, no edge of its own service, no clock, no chance. libs/domain
// imports nothing at all. Time, ids and randomness arrive as arguments.
import { importsOf, usedNames } from "./read-code.ts";
import { houseRule, isTest, type Rule, resolveImport, type SourceFile, sample } from "./repository.ts";

/** Vocabulary, messages and pure parsing; whatever else a core needs is handed to it. */
const ALLOWED_PACKAGES = new Set([
  "@waybill/domain",
  "@waybill/filters",
  "@waybill/surfaces",
  "@waybill/catalog",
  "@waybill/routes",
  "@waybill/wire",
]);
const EDGES = /^services\/[^/]+\/src\/(inbound|outbound|main\.ts|config\.ts)/;
/** Most files do not even hold the words; they need no closer look. */
const IMPURE_WORDS =
  /\b(Date|process|fetch|set(Timeout|Interval|Immediate)|queueMicrotask|crypto|performance|console|Math\.random)\b/;
const IMPURE_NAMES =
  /^(Date|process|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|crypto|performance|console)(\.|$)|^Math\.random$/;

const isDomain = (path: string): boolean => path.startsWith("libs/domain/src/");
const isCore = (path: string): boolean => /^(services|libs)\/[^/]+\/src\/core\//.test(path);
const pureFiles = (files: readonly SourceFile[]): SourceFile[] =>
  files.filter(({ path }) => path.endsWith(".ts") && !isTest(path) && (isCore(path) || isDomain(path)));

const importsArePure: Rule = (files) =>
  pureFiles(files).flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => !mayImport(file.path, specifier))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
  );

function mayImport(path: string, specifier: string): boolean {
  if (!specifier.startsWith(".")) return !isDomain(path) && ALLOWED_PACKAGES.has(specifier);
  const target = resolveImport(path, specifier);
  return isDomain(path) ? isDomain(target) : !EDGES.test(target);
}

const namesArePure: Rule = (files) =>
  pureFiles(files)
    .filter(({ text }) => IMPURE_WORDS.test(text))
    .flatMap((file) =>
      usedNames(file)
        .filter(({ text }) => IMPURE_NAMES.test(text))
        .map(({ text, line }) => `${file.path}:${line} uses ${text}`),
    );

const core = (text: string): SourceFile[] => [sample("services/ledger/src/core/entry.ts", text)];

houseRule("core/ imports only what is pure", importsArePure, {
  breaks: {
    "a Node module": core('import { readFile } from "node:fs/promises";'),
    "a driver": core('import pg from "pg";'),
    "the bus": core('import { Publisher } from "@waybill/bus";'),
    "a type of its own edge": core('import type { Books } from "../outbound/books.ts";'),
    "a late import": core('export const load = () => import("../inbound/consume.ts");'),
    "a re-export": core('export * from "@waybill/store";'),
    "anything in libs/domain": [sample("libs/domain/src/money.ts", 'import { x } from "@waybill/wire";')],
  },
  passes: {
    "a neighbour, the vocabulary and the ports": core(
      'import { a } from "./a.ts";\nimport { Money } from "@waybill/domain";\nimport type { Books } from "../ports.ts";',
    ),
    "a mere text": core('// import pg from "pg";\nexport const text = "import x from \\"pg\\"";'),
    "an edge": [sample("services/ledger/src/outbound/books.ts", 'import { Pool } from "@waybill/store";')],
    "a test": [sample("services/ledger/src/core/entry.test.ts", 'import { it } from "node:test";')],
  },
});

houseRule("core/ uses neither clock nor chance", namesArePure, {
  breaks: {
    "the clock": core("export const now = () => Date.now();"),
    "a date": core("export const day = new Date(0);"),
    chance: core("export const dice = () => Math.random();"),
    "a timer": core("setTimeout(() => {}, 1);"),
    "the environment": core("export const key = process.env.KEY;"),
    "a stopwatch": core("export const at = performance.now();"),
    "a print": core('console.log("here");'),
  },
  passes: {
    "a field of that name": core("export const at = (clock: { Date: number }) => clock.Date;"),
    "other mathematics": core("export const top = Math.max(1, 2);"),
    "a comment": core("// Date.now() is not for us"),
  },
});
