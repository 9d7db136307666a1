// Routes as people have them, and to the byte what becomes of them: how they are read, and how they come out in other shapes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exportRoute } from "./export-route.ts";
import { importRoute } from "./import-route.ts";
import { printJson } from "./print-json.ts";
import type { RouteShape } from "./route-shape.ts";

const GOLDEN: readonly (readonly [file: string, exports: readonly RouteShape[]])[] = [
  ["seed-support.json", ["waybill", "cloudflare", "cloudflare_docs", "terraform", "seed"]],
  ["docs-page.jsonc", ["cloudflare", "cloudflare_docs"]],
  ["terraform-show.json", ["cloudflare", "terraform"]],
  ["live-get.json", ["cloudflare"]],
  ["broken-live.json", []],
  ["waybill-everything.json", ["waybill", "cloudflare", "cloudflare_docs", "seed"]],
];

for (const [file, shapes] of GOLDEN) {
  const route = file.replace(/\.jsonc?$/, "");
  const imported = importRoute(golden(file));

  test(`${file} is read as it should be`, () => {
    assert.equal(printJson(imported), golden(`${route}.imported.json`));
  });

  if (shapes.length === 0) continue;
  const exported = shapes.map((shape) => [shape, exportRoute(imported.document, shape, imported.name ?? "")] as const);
  for (const [shape, { text }] of exported) {
    test(`${file} comes out as ${shape} as it should`, () => {
      assert.equal(text, golden(`${route}.as-${shape.replace("_", "-")}.json`));
    });
  }

  test(`${file} comes out with a warning for everything that cannot be said`, () => {
    const warnings = Object.fromEntries(exported.map(([shape, { warnings }]) => [shape, warnings]));
    assert.equal(printJson(warnings), golden(`${route}.export-warnings.json`));
  });
}

test("the seed's route comes out of its own shape as the document it went in as", () => {
  const { document } = importRoute(golden("seed-support.json"));
  const again = importRoute(golden("seed-support.as-seed.json"));
  assert.deepEqual({ ...again, document: again.document }, { ...again, document, warnings: [], problems: [] });
});

test("what Terraform shows comes out as the elements it was made of", () => {
  const first = importRoute(golden("terraform-show.json"));
  assert.deepEqual(importRoute(golden("terraform-show.as-terraform.json")), first);
});

function golden(file: string): string {
  return readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8");
}
