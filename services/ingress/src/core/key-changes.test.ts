import assert from "node:assert/strict";
import { test } from "node:test";
import { formatKeyEntry, type KeyEntry } from "@waybill/wire";
import { KeyChanges } from "./key-changes.ts";

const value = (entry: KeyEntry): Buffer => Buffer.from(formatKeyEntry(entry));

test("a key is as it was asked for until something else is told", () => {
  const changes = new KeyChanges();
  assert.deepEqual([changes.isRevoked("a"), changes.revisionOf("a")], [false, 0n]);
  changes.put("a", value({ state: "changed", revision: 2n }));
  assert.deepEqual([changes.isRevoked("a"), changes.revisionOf("a"), changes.revisionOf("b")], [false, 2n, 0n]);
});

test("the highest revision counts, in whatever order they come", () => {
  const changes = new KeyChanges();
  for (const revision of [2n, 4n, 3n]) changes.put("a", value({ state: "changed", revision }));
  assert.equal(changes.revisionOf("a"), 4n);
});

test("nothing that was told is taken back, also when the bucket is gone", () => {
  const changes = new KeyChanges();
  changes.put("a", value({ state: "revoked" }));
  changes.put("b", value({ state: "changed", revision: 3n }));
  for (const key of ["a", "b"]) {
    changes.put(key, undefined);
    changes.put(key, Buffer.from("{"));
  }
  changes.put("a", value({ state: "changed", revision: 9n }));
  assert.deepEqual([changes.isRevoked("a"), changes.revisionOf("b")], [true, 3n]);
});
