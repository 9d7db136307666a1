// Only config.ts reads the environment, so that every setting is declared, checked whole at start, and on one page of docs.
import { usedNames } from "./read-code.ts";
import { houseRule, type Rule, sample } from "./repository.ts";

/** Others that may, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "libs/service/src/run.ts": "hands the environment to readConfig with the settings that config.ts declares",
};

const onlyConfigReads: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith(".ts") && /^(services|libs|deploy)\//.test(path) && !path.endsWith(".test.ts"))
    .filter(({ path }) => !path.endsWith("/config.ts") && EXCEPTIONS[path] === undefined)
    .filter(({ text }) => /\bprocess\b/.test(text))
    .flatMap((file) =>
      usedNames(file)
        .filter(({ text }) => text === "process.env")
        .map(({ line }) => `${file.path}:${line} reads the environment; declare a setting in config.ts`),
    );

houseRule("only config.ts reads the environment", onlyConfigReads, {
  breaks: {
    "a setting read on the side": [sample("services/worker/src/outbound/x.ts", "export const k = process.env.KEY;")],
    "a library that looks around": [sample("libs/bus/src/x.ts", 'export const k = process.env["KEY"];')],
    "a spread": [sample("deploy/local/src/x.ts", "export const all = { ...process.env };")],
  },
  passes: {
    "config.ts": [sample("services/worker/src/config.ts", "export const k = process.env.KEY;")],
    "a test": [sample("libs/bus/src/x.test.ts", "const path = process.env.PATH;")],
    "a comment": [sample("libs/bus/src/x.ts", "// process.env is read in config.ts")],
  },
});
