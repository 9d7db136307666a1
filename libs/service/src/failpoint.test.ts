import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./config.ts";
import { failpointSettings, makeFailpoint } from "./failpoint.ts";

function killsOf(spec: string, passed: readonly string[]): number {
  let kills = 0;
  const failpoint = makeFailpoint(spec, () => {
    kills += 1;
  });
  for (const name of passed) void failpoint(name);
  return kills;
}

test("an empty failpoint never kills", () => {
  assert.equal(killsOf("", ["before_insert", "before_insert"]), 0);
});

test("a failpoint kills at the nth pass of its own name and at no other", () => {
  assert.equal(killsOf("before_insert", ["after_commit", "before_insert"]), 1);
  assert.equal(killsOf("before_insert:3", ["before_insert", "after_commit", "before_insert"]), 0);
  assert.equal(killsOf("before_insert:3", ["before_insert", "before_insert", "before_insert", "before_insert"]), 1);
});

test("a failpoint with a typing error is refused at start", () => {
  for (const spec of ["before insert", "before_insert:0", "before_insert:x", ":2"]) {
    assert.throws(() => makeFailpoint(spec), /WAYBILL_FAILPOINT/);
    assert.throws(() => readConfig(failpointSettings, { WAYBILL_FAILPOINT: spec }), /WAYBILL_FAILPOINT must be <name>/);
  }
});
