// Learn one provider, know all, and the same for wires: each folder has the files of the others.
import { houseRule, type Rule } from "./repository.ts";

interface Kind {
  folder: string;
  /** Every folder has these. */
  always: readonly string[];
  /** And may have these: a wire that is no surface's own has nothing to pass, one that cannot be translated to nothing to write. */
  sometimes: readonly string[];
}

const KINDS: readonly Kind[] = [
  { folder: "providers", always: ["index.ts", "request.ts"], sometimes: [] },
  {
    folder: "wires",
    always: ["error.ts", "index.ts", "usage.ts"],
    sometimes: ["events.ts", "patch.ts", "relay.ts", "write.ts", "write-turns.ts"],
  },
];

const foldersAreAlike: Rule = (files) =>
  KINDS.flatMap(({ folder: kind, always, sometimes }) => {
    const found = new Map<string, Set<string>>();
    const inFolder = new RegExp(`^services/worker/src/${kind}/([^/]+)/([^/]+\\.ts)$`);
    for (const { path } of files) {
      const [, folder, name] = inFolder.exec(path) ?? [];
      if (folder === undefined || name === undefined || name.endsWith(".test.ts")) continue;
      found.set(folder, (found.get(folder) ?? new Set()).add(name));
    }
    return [...found].flatMap(([folder, names]) => [
      ...always.filter((name) => !names.has(name)).map((name) => `${kind}/${folder} has no ${name}`),
      ...[...names]
        .filter((name) => !always.includes(name) && !sometimes.includes(name))
        .map((name) => `${kind}/${folder}/${name} is in no other one`),
    ]);
  });

const mistral = ["index.ts", "request.ts"].map((name) => `services/worker/src/providers/mistral/${name}`);
const morse = ["error.ts", "index.ts", "usage.ts"].map((name) => `services/worker/src/wires/morse/${name}`);

houseRule("provider and wire folders have the same names", foldersAreAlike, {
  breaks: {
    "a missing part of a provider": mistral.slice(1),
    "a part of a provider's own": [...mistral, "services/worker/src/providers/mistral/retry.ts"],
    "a missing part of a wire": morse.slice(1),
    "a part of a wire's own": [...morse, "services/worker/src/wires/morse/dots.ts"],
  },
  passes: {
    "tests and fixtures": [...mistral, "services/worker/src/providers/mistral/request.test.ts"],
    "a wire that passes": [...morse, "services/worker/src/wires/morse/relay.ts"],
  },
});
