// What the pages tell people to run and to read is there: npm scripts, steps of the tests, files, links, settings, metrics.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { metricsOf, shownName } from "./documents/metrics.ts";
import { houseRule, ROOT, type Rule, readRepository, type SourceFile, sample } from "./repository.ts";

const repository = readRepository();
const paths = new Set(repository.map(({ path }) => path));
const folders = new Set(
  [...paths].flatMap((path) => path.split("/").map((_, index, all) => all.slice(0, index).join("/"))),
);
const isThere = (path: string): boolean => paths.has(path) || folders.has(path.replace(/\/$/, ""));

const scripts = new Set(
  Object.keys((JSON.parse(textOf("package.json")) as { scripts: Record<string, string> }).scripts),
);
const steps = new Set(
  [...textOf("deploy/local/src/commands/test.ts").matchAll(/(?:name: |testStep\()"([a-z0-9-]+)"/g)].map(
    ([, name]) => name,
  ),
);
const code = repository.filter(({ path }) => /\.(ts|mjs)$/.test(path) && !path.startsWith("test/tidy/"));
const variables = new Set(code.flatMap(({ text }) => text.match(/\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b/g) ?? []));
const metrics = new Set(code.flatMap(metricsOf).map(shownName));

function textOf(path: string): string {
  return repository.find((file) => file.path === path)?.text ?? "";
}

const isPage = ({ path }: SourceFile): boolean => path.endsWith(".md") && path !== "docs/configuration.md";
const found = (files: readonly SourceFile[], pattern: RegExp): { path: string; text: string }[] =>
  files
    .filter(isPage)
    .flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => ({ path, text: match[1] ?? match[0] })));

const commandsExist: Rule = (files) => [
  ...found(files, /npm run (?:-s |--silent )?([a-z-]+)/g)
    .filter(({ text }) => !scripts.has(text))
    .map(({ path, text }) => `${path}: there is no script ${text}`),
  ...found(files, /npm (start|test)\b/g)
    .filter(({ text }) => !scripts.has(text))
    .map(({ path, text }) => `${path}: there is no script ${text}`),
  ...found(files, /npm test -- ([a-z0-9-]+)/g)
    .filter(({ text }) => !steps.has(text))
    .map(({ path, text }) => `${path}: the tests have no step ${text}`),
];

/** Paths in backticks and programs in commands; built programs stand for their sources. */
const filesExist: Rule = (files) => {
  const named = found(files, /`((?:services|libs|deploy|docs|test|proto)\/[\w./-]+)`/g);
  const run = found(files, /\bnode (?:--\S+ )*((?:services|libs|deploy|test)\/[\w./-]+)/g);
  return [...named, ...run]
    .filter(({ text }) => !isThere(sourceOf(text)))
    .map(({ path, text }) => `${path}: there is no ${text}`);
};

function sourceOf(path: string): string {
  return path.replace(/\/dist\/(.*)\.js$/, "/src/$1.ts");
}

const linksLead: Rule = (files) =>
  found(files, /\]\(([^)#\s]+)(?:#[^)]*)?\)/g)
    .filter(({ text }) => !/^[a-z]+:/.test(text))
    .filter(({ path, text }) => !isThere(join(path, "..", text)))
    .map(({ path, text }) => `${path}: the link to ${text} leads nowhere`);

const settingsExist: Rule = (files) =>
  found(files, /\b((?:WAYBILL|OTEL|NATS)_[A-Z0-9_]*[A-Z0-9])\b/g)
    .filter(({ text }) => !variables.has(text) && !isMadeUpAtStart(text))
    .map(({ path, text }) => `${path}: nothing reads ${text}`);

/** dev.env numbers the keys of the demo. */
function isMadeUpAtStart(name: string): boolean {
  return name.startsWith("WAYBILL_API_KEY_");
}

const metricsExist: Rule = (files) =>
  found(files, /`(waybill_(?:ingress|router|budget|worker|ledger|console|event|cpu|resident)_\w+)`/g)
    .filter(({ text }) => !metrics.has(text))
    .map(({ path, text }) => `${path}: there is no metric ${text}`);

/** NNNN-name.md, numbered without holes, with a date and the three parts. */
const decisionsAreWhole: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith("docs/decisions/"))
    .flatMap(({ path, text }, index) => {
      const number = String(index + 1).padStart(4, "0");
      const parts = ["**Context.**", "**Decision.**", "**Consequences.**"];
      return [
        ...(path.startsWith(`docs/decisions/${number}-`) ? [] : [`${path} should be number ${number}`]),
        ...(/^\d{4}-\d{2}-\d{2} · /m.test(text) ? [] : [`${path} has no date`]),
        ...parts.filter((part) => !text.includes(part)).map((part) => `${path} has no ${part}`),
      ];
    });

const everyServiceSaysWhatItOwns: Rule = (files) =>
  [...new Set(files.flatMap(({ path }) => /^services\/[^/]+/.exec(path)?.[0] ?? []))]
    .filter((service) => !files.some(({ path, text }) => path === `${service}/README.md` && /owns/i.test(text)))
    .map((service) => `${service} has no README.md that says what it owns`);

const unreleasedIsThere: Rule = (files) =>
  files
    .filter(({ path }) => path === "CHANGELOG.md")
    .filter(({ text }) => !/^## Unreleased\n+(?!## )\S/m.test(text))
    .map(({ path }) => `${path} has nothing under Unreleased`);

const page = (text: string): SourceFile[] => [sample("README.md", text)];
const service = readdirSync(join(ROOT, "services"))[0] ?? "";

houseRule("commands on the pages exist", commandsExist, {
  breaks: {
    "a script": page("`npm run everything`"),
    "a quiet script": page("npm run -s nothing"),
    "a step": page("npm test -- mutation"),
  },
  passes: { "those that are there": page("`npm start`, `npm test -- unit x`, `npm run -s sql -- 'select 1'`") },
});
houseRule("files on the pages exist", filesExist, {
  breaks: {
    "a file": page("`libs/bus/src/nowhere.ts`"),
    "a program": page("node --env-file=x services/mailer/dist/main.js"),
  },
  passes: {
    "those that are there": page(`\`libs/bus/src/pull.ts\`, \`test/tidy\`, node services/${service}/dist/main.js`),
  },
});
houseRule("links on the pages lead somewhere", linksLead, {
  breaks: { "a dead link": page("[x](docs/nowhere.md)") },
  passes: { "links that lead": page("[a](docs/errors.md#errors) [b](https://example.org)") },
});
houseRule("settings on the pages are read", settingsExist, {
  breaks: { "a setting": page("`WAYBILL_MAGIC_MAX`") },
  passes: { "a setting that is there": page("`WAYBILL_PORT_BASE`") },
});
houseRule("metrics on the pages are made", metricsExist, {
  breaks: { "a metric": page("`waybill_worker_happiness`") },
});
houseRule("decisions are numbered, dated and whole", decisionsAreWhole, {
  breaks: {
    "a hole": [sample("docs/decisions/0002-x.md", "2026-01-01 · a\n**Context.** **Decision.** **Consequences.**")],
    "no date": [sample("docs/decisions/0001-x.md", "**Context.** **Decision.** **Consequences.**")],
    "no consequences": [sample("docs/decisions/0001-x.md", "2026-01-01 · a\n**Context.** **Decision.**")],
  },
});
houseRule("every service says what it owns", everyServiceSaysWhatItOwns, {
  breaks: { "a service without a page": ["services/mailer/src/main.ts"] },
});
houseRule("the changelog tells what is new", unreleasedIsThere, {
  breaks: { "an empty section": [sample("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 1.0\n")] },
});
