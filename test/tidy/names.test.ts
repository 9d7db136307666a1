// One idea per file, named for the idea. A file named for what it is not (utils, helpers, common) collects everything.
import { houseRule, type Rule } from "./repository.ts";

const EMPTY_WORDS = /(^|\/|-)(utils?|helpers?|common|misc|shared|manager|stuff)(-|\.|\/)/;
/** Names that are given: what these words mean there is exact. */
const GIVEN: Readonly<Record<string, string>> = {
  "libs/service/src/common-settings.ts": "the settings that every service has in common",
};

const TOP_LEVEL = new Set(["services", "proto", "libs", "deploy", "test", "docs", ".ci"]);

const namesSaySomething: Rule = (files) =>
  files
    .filter(({ path }) => /^(services|libs|deploy|test)\/.*\.(ts|mjs)$/.test(path) && GIVEN[path] === undefined)
    .flatMap(({ path }) => [
      ...(EMPTY_WORDS.test(path) ? [`${path} is named for nothing in particular`] : []),
      ...(/^[a-z0-9.-]+$/.test(path.split("/").at(-1) ?? "") ? [] : [`${path} is not in kebab-case`]),
    ]);

const topLevelIsTheDiagram: Rule = (files) => {
  const folders = new Set(files.filter(({ path }) => path.includes("/")).map(({ path }) => path.split("/")[0] ?? ""));
  return [...folders]
    .filter((folder) => !TOP_LEVEL.has(folder))
    .map((folder) => `${folder}/ is no part of the diagram`);
};

houseRule("file names say what lives in them", namesSaySomething, {
  breaks: {
    "a drawer for everything": ["libs/bus/src/utils.ts"],
    "a helper": ["services/worker/src/core/stream-helpers.ts"],
    "camel case": ["libs/bus/src/pullMessages.ts"],
  },
  passes: { "a name": ["libs/bus/src/pull.ts", "libs/service/src/common-settings.ts"] },
});

houseRule("the top level is the diagram", topLevelIsTheDiagram, {
  breaks: { "a folder of its own": ["scripts/release.ts"] },
  passes: { "what belongs there": ["services/a/b.ts", "docs/a.md", "README.md"] },
});
