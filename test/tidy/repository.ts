// The repository as a list of texts, and the form every house rule has: a function from files to problems, shown to hold here
// and shown to be able to fail.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
}

/** Names every place that breaks the rule, one sentence each; none: the rule holds. */
export type Rule = (files: readonly SourceFile[]) => readonly string[];

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SKIPPED = new Set(["node_modules", "dist", ".git", ".waybill", "gen"]);
const TEXT_NAMES = /\.(ts|mjs|json|ya?ml|md|sql|proto|conf|sh)$|^\.(npmrc|gitignore)$|^run$|^LICENSE$/;

/** Every text of ours; what is generated, installed or built is left out. */
export function readRepository(): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && !entry.name.startsWith(".waybill")) visit(path);
      } else if (entry.isFile() && TEXT_NAMES.test(entry.name)) {
        files.push({ path: relative(ROOT, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  visit(ROOT);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export interface Proof {
  /** What breaks the rule, each named; a mere text stands for its path with nothing in it. */
  breaks: Readonly<Record<string, readonly (SourceFile | string)[]>>;
  /** What looks like it and does not. */
  passes?: Readonly<Record<string, readonly (SourceFile | string)[]>>;
}

/** Registers a rule: it holds for the repository, it reports what breaks it, it leaves alone what does not. */
export function houseRule(title: string, rule: Rule, proof: Proof): void {
  describe(title, () => {
    it("holds here", () => {
      assert.deepEqual(rule(readRepository()), []);
    });
    for (const [what, files] of Object.entries(proof.breaks)) {
      it(`would report ${what}`, () => assert.notDeepEqual(rule(files.map(asFile)), []));
    }
    for (const [what, files] of Object.entries(proof.passes ?? {})) {
      it(`leaves ${what} alone`, () => assert.deepEqual(rule(files.map(asFile)), []));
    }
  });
}

function asFile(file: SourceFile | string): SourceFile {
  return typeof file === "string" ? { path: file, text: "" } : file;
}

/** A sample for a proof. */
export function sample(path: string, text: string): SourceFile {
  return { path, text };
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.startsWith("test/");
}

export function isTypeScript(path: string): boolean {
  return path.endsWith(".ts");
}

/** `services/budget/src/core/grant.ts` -> `services/budget`; undefined for what belongs to none. `test` counts as one. */
export function packageOf(path: string): string | undefined {
  return /^(?:libs|services|deploy)\/[^/]+(?=\/)|^test(?=\/)/.exec(path)?.[0];
}

/** Where a relative import leads, from the repository's root. */
export function resolveImport(from: string, specifier: string): string {
  return relative(ROOT, join(ROOT, dirname(from), specifier));
}
