import assert from "node:assert/strict";
import { test } from "node:test";
import { Features } from "@waybill/wire";
import { FilterTally } from "./filter-tally.ts";

test("findings are counted by place, filter, kind and action; the header sums up, the router is told of the input", () => {
  const tally = new FilterTally();
  assert.equal(tally.header, "");
  tally.add("input", { filter: "pii", kind: "email", action: "redact" });
  tally.add("input", { filter: "pii", kind: "email", action: "redact" });
  tally.add("output", { filter: "pii", kind: "phone", action: "redact" });
  tally.add("output", { filter: "keys", kind: "jwt", action: "flag" });
  const features = Features.create({ bodyJson: "{}" });
  const filterFindings = [{ filter: "pii", kind: "email", action: "redact", count: 2 }];
  assert.deepEqual(tally.told(features), { ...features, filterFindings });
  assert.equal(tally.header, "pii:redacted(3),keys:flagged(1)");
  assert.equal(tally.counts.length, 3);
});

test("of a blocked request the router hears no text of its body", () => {
  const tally = new FilterTally();
  tally.add("input", { filter: "keys", kind: "jwt", action: "block" });
  assert.equal(tally.told(Features.create({ bodyJson: '{"note":"a key"}' })).bodyJson, "");
});
