import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterConfig } from "@waybill/wire";
import { ContentFilters } from "./content-filters.ts";

function filtersOf(...configs: Partial<FilterConfig>[]): ContentFilters {
  const filters = new ContentFilters();
  for (const config of configs) {
    const whole = { where: ["input"], action: "redact", pii: ["email"], onError: "closed", ...config };
    filters.put(`filter.${config.id}`, FilterConfig.encode(FilterConfig.fromPartial(whole)).finish());
  }
  return filters;
}

test("a request passes the filters that are for every one and those that its route names, in their places only", () => {
  const filters = filtersOf(
    ...[
      { id: "named" },
      { id: "always", always: true },
      { id: "other" },
      { id: "back", where: ["output"], always: true },
    ],
  );
  assert.deepEqual(
    filters.select("input", ["named"])?.rules.map(({ filter }) => filter),
    ["always", "named"],
  );
  assert.deepEqual(
    filters.select("output", ["named"])?.rules.map(({ filter }) => filter),
    ["back"],
  );
  assert.deepEqual(
    filters.select("input", [])?.rules.map(({ filter }) => filter),
    ["always"],
  );
});

test("where no filter applies there is nothing to do", () => {
  assert.equal(filtersOf({ id: "named" }).select("input", []), undefined);
  assert.equal(filtersOf({ id: "named" }).select("output", ["named"]), undefined);
});

test("a filter that was taken away, or never was, blocks the routes that name it", () => {
  const filters = filtersOf({ id: "pii" });
  filters.put("filter.pii", undefined);
  assert.deepEqual(filters.select("input", ["pii"]), {
    ...{ rules: [], unchecked: [], webhooks: [], identity: ["pii"] },
    unready: [{ filter: "pii", kind: "missing", action: "block" }],
  });
});

test("a filter that this program does not know how to run blocks, or is noted where it may fail or only looks", () => {
  const strange = { pii: ["dna"] };
  const filters = filtersOf(
    ...[
      { id: "a", ...strange },
      { id: "b", ...strange, onError: "open" },
      { id: "c", ...strange, action: "flag" },
    ],
    ...[
      { id: "d", action: "teleport" },
      { id: "e", where: ["input", "sideways"] },
    ],
  );
  assert.deepEqual(
    filters.select("input", ["a", "b", "c", "d", "e"])?.unready.map(({ filter, action }) => `${filter} ${action}`),
    ["a block", "b flag", "c flag", "d block", "e block"],
  );
  assert.equal(filters.select("output", ["a"])?.unready.length, 1);
});

test("keys of other things are left alone", () => {
  const filters = new ContentFilters();
  filters.put("model.x.y", Uint8Array.of(255));
  assert.equal(filters.select("input", []), undefined);
});
