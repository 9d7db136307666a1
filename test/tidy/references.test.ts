// What a package.json says of our own packages, its tsconfig.json says too, and the code uses exactly those; otherwise
// `tsc -b` builds in the wrong order, or a package works only where another one has installed what it needs.
import { importsOf, packageName } from "./read-code.ts";
import { houseRule, isTest, type Rule, type SourceFile, sample } from "./repository.ts";

interface PackageJson {
  name?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface TsConfig {
  references?: { path: string }[];
}

const folderOf = (path: string): string => path.replace(/\/[^/]*$/, "");
const workspacePackages = (files: readonly SourceFile[]): { folder: string; json: PackageJson }[] =>
  files
    .filter(({ path }) => /^(libs|services|deploy)\/[^/]+\/package\.json$/.test(path))
    .map(({ path, text }) => ({ folder: folderOf(path), json: JSON.parse(text) as PackageJson }));

const referencesEqualDependencies: Rule = (files) => {
  const packages = workspacePackages(files);
  const folders = new Map(packages.map(({ folder, json }) => [json.name ?? "", folder]));
  return packages.flatMap(({ folder, json }) => {
    const all = { ...json.dependencies, ...json.devDependencies };
    const wrongVersion = Object.keys(all).filter((name) => name.startsWith("@waybill/") && all[name] !== "workspace:*");
    // What only tests need is never built: they run from the sources.
    const needed = Object.keys(json.dependencies ?? {}).filter((name) => name.startsWith("@waybill/"));
    const wanted = new Set(needed.map((name) => folders.get(name) ?? name));
    const given = new Set(readReferences(files, folder));
    return [
      ...wrongVersion.map((name) => `${folder}/package.json: ${name} must be "workspace:*"`),
      ...[...wanted].filter((path) => !given.has(path)).map((path) => `${folder}/tsconfig.json lacks ${path}`),
      ...[...given].filter((path) => !wanted.has(path)).map((path) => `${folder}/package.json lacks ${path}`),
    ];
  });
};

/** Folders, relative to the repository. */
function readReferences(files: readonly SourceFile[], folder: string): string[] {
  const text = files.find(({ path }) => path === `${folder}/tsconfig.json`)?.text ?? "{}";
  const config = JSON.parse(text.replace(/^\s*\/\/.*$/gm, "")) as TsConfig;
  return (config.references ?? []).map(({ path }) => new URL(path, `file:///${folder}/`).pathname.slice(1));
}

const rootBuildsEverything: Rule = (files) => {
  const root = files.find(({ path }) => path === "tsconfig.json");
  const built = new Set(((JSON.parse(root?.text ?? "{}") as TsConfig).references ?? []).map(({ path }) => path));
  const present = workspacePackages(files).map(({ folder }) => folder);
  return present.filter((folder) => !built.has(folder)).map((folder) => `tsconfig.json does not build ${folder}`);
};

const codeImportsWhatIsDeclared: Rule = (files) =>
  workspacePackages(files).flatMap(({ folder, json }) => {
    const declared = new Set(Object.keys({ ...json.dependencies, ...json.devDependencies }));
    const code = files.filter(({ path }) => path.startsWith(`${folder}/src/`) && path.endsWith(".ts") && !isTest(path));
    return code.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => !declared.has(packageName(specifier) ?? specifier) && !/^(\.|node:)/.test(specifier))
        .map(
          ({ specifier, line }) => `${file.path}:${line} imports ${specifier}, which its package.json does not name`,
        ),
    );
  });

const versionsStandInTheCatalog: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith("package.json"))
    .flatMap(({ path, text }) => {
      const json = JSON.parse(text) as PackageJson;
      return Object.entries({ ...json.dependencies, ...json.devDependencies })
        .filter(([name, version]) => version !== "catalog:" && !name.startsWith("@waybill/"))
        .map(([name, version]) => `${path}: ${name} must be "catalog:", not "${version}"`);
    });

const json = (value: unknown): string => JSON.stringify(value);
const domain = [sample("libs/domain/package.json", json({ name: "@waybill/domain" }))];
const needsDomain = json({ name: "@waybill/bus", dependencies: { "@waybill/domain": "workspace:*" } });
const refersToDomain = json({ references: [{ path: "../domain" }] });

houseRule("package.json and tsconfig.json name the same packages", referencesEqualDependencies, {
  breaks: {
    "a missing reference": [...domain, sample("libs/bus/package.json", needsDomain)],
    "a missing dependency": [
      ...domain,
      sample("libs/bus/package.json", json({ name: "@waybill/bus" })),
      sample("libs/bus/tsconfig.json", refersToDomain),
    ],
    "a fixed version of our own": [
      ...domain,
      sample("libs/bus/package.json", needsDomain.replace("workspace:*", "0.1.0")),
      sample("libs/bus/tsconfig.json", refersToDomain),
    ],
  },
  passes: {
    "what only tests need": [
      ...domain,
      sample("libs/bus/package.json", needsDomain.replace("dependencies", "devDependencies")),
    ],
    "both the same": [
      ...domain,
      sample("libs/bus/package.json", needsDomain),
      sample("libs/bus/tsconfig.json", refersToDomain),
    ],
  },
});

houseRule("the root builds every package", rootBuildsEverything, {
  breaks: { "a forgotten package": [...domain, sample("tsconfig.json", json({ references: [] }))] },
});

houseRule("code imports what its package names", codeImportsWhatIsDeclared, {
  breaks: { "a package that is only there by chance": [...domain, sample("libs/domain/src/x.ts", 'import "pg";')] },
  passes: { "Node itself": [...domain, sample("libs/domain/src/x.ts", 'import "node:fs";')] },
});

houseRule("every version stands once, in the catalog", versionsStandInTheCatalog, {
  breaks: { "a version of its own": [sample("libs/x/package.json", json({ dependencies: { pg: "8.23.1" } }))] },
});
