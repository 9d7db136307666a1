// Learn one provider, know all: the same file names in each folder.
import { houseRule, type Rule } from "./repository.ts";

const NAMES = ["error.ts", "index.ts", "request.ts", "stream.ts", "usage.ts"];

const foldersAreAlike: Rule = (files) => {
  const found = new Map<string, Set<string>>();
  for (const { path } of files) {
    const [, folder, name] = /^services\/worker\/src\/providers\/([^/]+)\/([^/]+\.ts)$/.exec(path) ?? [];
    if (folder === undefined || name === undefined || name.endsWith(".test.ts")) continue;
    found.set(folder, (found.get(folder) ?? new Set()).add(name));
  }
  return [...found].flatMap(([folder, names]) => [
    ...NAMES.filter((name) => !names.has(name)).map((name) => `providers/${folder} has no ${name}`),
    ...[...names]
      .filter((name) => !NAMES.includes(name))
      .map((name) => `providers/${folder}/${name} is in no other one`),
  ]);
};

const mistral = NAMES.map((name) => `services/worker/src/providers/mistral/${name}`);

houseRule("provider folders have the same names", foldersAreAlike, {
  breaks: {
    "a missing part": mistral.slice(1),
    "a part of its own": [...mistral, "services/worker/src/providers/mistral/retry.ts"],
  },
  passes: { "tests and fixtures": [...mistral, "services/worker/src/providers/mistral/usage.test.ts"] },
});
