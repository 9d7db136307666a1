// Services meet on the bus and over gRPC, never in code; libraries know no service; programs for tests stay out of both.
import { importsOf } from "./read-code.ts";
import { houseRule, isTest, packageOf, type Rule, resolveImport, type SourceFile, sample } from "./repository.ts";

/** Programs, not libraries: no service imports them, nor does a library that services use. */
const PROGRAMS = new Map([
  ["@waybill/testing", "libs/testing"],
  ["@waybill/simulator", "libs/simulator"],
  ["@waybill/local", "deploy/local"],
]);

const nobodyImportsAService: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith(".ts") && !path.startsWith("test/tidy/"))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => importsAnotherService(file.path, specifier))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );

function importsAnotherService(path: string, specifier: string): boolean {
  const byName = /^@waybill\/(ingress|router|budget|worker|ledger|console)$/.test(specifier);
  const target = specifier.startsWith(".") ? packageOf(resolveImport(path, specifier)) : undefined;
  return byName || (target?.startsWith("services/") === true && target !== packageOf(path));
}

const programsStayOut: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith(".ts") && !isTest(path) && /^(services|libs)\//.test(path))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => importsAProgram(file.path, specifier))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );

function importsAProgram(path: string, specifier: string): boolean {
  const from = packageOf(path) ?? "";
  if ([...PROGRAMS.values()].includes(from)) return false;
  return PROGRAMS.has(specifier);
}

/** A package is entered by its door: nobody reaches into another's src/ by a relative path. */
const packagesAreEnteredByTheDoor: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith(".ts") && packageOf(path) !== undefined && !path.startsWith("test/tidy/"))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith("."))
        .filter(({ specifier }) => packageOf(resolveImport(file.path, specifier)) !== packageOf(file.path))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}; use the package's name`),
    );

const inRouter = (text: string): SourceFile[] => [sample("services/router/src/outbound/x.ts", text)];

houseRule("nobody imports a service", nobodyImportsAService, {
  breaks: {
    "an import by name": inRouter('import { x } from "@waybill/budget";'),
    "an import by path": inRouter('import { x } from "../../../budget/src/core/books.ts";'),
    "a library that knows a service": [sample("libs/bus/src/x.ts", 'import "../../../services/worker/src/main.ts";')],
    "a type of another service": inRouter('import type { Books } from "../../../ledger/src/ports.ts";'),
  },
  passes: { "its own parts": inRouter('import { x } from "../core/x.ts";\nimport { y } from "@waybill/wire";') },
});

houseRule("programs stay out of services and libraries", programsStayOut, {
  breaks: {
    "test tools in a service": inRouter('import { startTestNats } from "@waybill/testing";'),
    "the launcher in a library": [sample("libs/store/src/x.ts", 'import { say } from "@waybill/local";')],
  },
  passes: {
    "test tools in a test": [sample("services/router/src/x.test.ts", 'import { y } from "@waybill/testing";')],
    "the launcher in the test tools": [sample("libs/testing/src/x.ts", 'import { y } from "@waybill/local";')],
  },
});

houseRule("packages are entered by their door", packagesAreEnteredByTheDoor, {
  breaks: {
    "a reach into a library": inRouter('import { x } from "../../../../libs/bus/src/pull.ts";'),
    "a reach from a test": [sample("test/e2e/x.test.ts", 'import { x } from "../../libs/bus/src/pull.ts";')],
  },
  passes: { "a test's own neighbour": [sample("test/e2e/x.test.ts", 'import { x } from "../stack/ask.ts";')] },
});
