// Biome says the same in the editor. These tests show that its rules are switched on for core/ and do report.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "./repository.ts";

/** Lints one file as if it lay at `path` in the repository: with our rules, in a folder of its own. */
function lint(path: string, text: string): { passed: boolean; output: string } {
  const folder = mkdtempSync(join(tmpdir(), "waybill-biome-"));
  try {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    const vcs = { enabled: false };
    writeFileSync(join(folder, "biome.json"), JSON.stringify({ root: true, extends: [join(ROOT, "biome.json")], vcs }));
    const ended = spawnSync(process.execPath, [join(ROOT, "node_modules/@biomejs/biome/bin/biome"), "lint", "."], {
      cwd: folder,
      encoding: "utf8",
    });
    return { passed: ended.status === 0, output: `${ended.stdout}${ended.stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CORE = "services/ledger/src/core/sample.ts";
const REFUSED: Readonly<Record<string, [path: string, text: string, rule: string]>> = {
  "a Node module in core/": [CORE, 'export { readFile } from "node:fs/promises";\n', "noNodejsModules"],
  "the clock in core/": [CORE, "export const now = (): number => Date.now();\n", "noRestrictedGlobals"],
  "the environment in core/": [CORE, "export const home = process.env.HOME;\n", "noRestrictedGlobals"],
  "a timer in core/": [CORE, "setTimeout(() => {}, 1);\n", "noRestrictedGlobals"],
  "the network in core/": [CORE, "export const get = () => fetch('http://127.0.0.1');\n", "noRestrictedGlobals"],
  "a Node module in libs/domain": ["libs/domain/src/sample.ts", 'export * from "node:crypto";\n', "noNodejsModules"],
  "any, anywhere": ["libs/bus/src/sample.ts", "export const x: any = 1;\n", "noExplicitAny"],
  "an assertion that something is there": [
    "libs/bus/src/sample.ts",
    "export const first = (list: string[]): string => list[0]!;\n",
    "noNonNullAssertion",
  ],
};

describe("Biome refuses", () => {
  for (const [what, [path, text, rule]] of Object.entries(REFUSED)) {
    it(what, () => {
      const { passed, output } = lint(path, text);
      assert.equal(passed, false, output);
      assert.match(output, new RegExp(rule));
    });
  }

  it("none of that at the edge", () => {
    const { passed, output } = lint(
      "services/ledger/src/outbound/sample.ts",
      "export const now = (): number => Date.now();\n",
    );
    assert.equal(passed, true, output);
  });
});
