import assert from "node:assert/strict";
import { test } from "node:test";
import { formatKeyEntry, type KeyEntry, parseKeyEntry, saysMore } from "./key-entry.ts";

const REVOKED: KeyEntry = { state: "revoked" };
const changed = (revision: bigint): KeyEntry => ({ state: "changed", revision });

test("an entry is read as it was written, and what is none is nothing", () => {
  for (const entry of [REVOKED, changed(2n), changed(10n ** 17n)]) {
    assert.deepEqual(parseKeyEntry(formatKeyEntry(entry)), entry);
  }
  for (const text of [
    undefined,
    "",
    "{",
    "1",
    "{}",
    '{"state":"changed"}',
    '{"state":"changed","revision":"-1"}',
    '{"state":"x"}',
  ]) {
    assert.equal(parseKeyEntry(text), undefined, text);
  }
});

test("in whatever order entries come, the same one stays", () => {
  const entries = [changed(2n), REVOKED, changed(3n)];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    let present: KeyEntry | undefined;
    for (const index of order) {
      const entry = entries[index] as KeyEntry;
      if (saysMore(entry, present)) present = entry;
    }
    assert.deepEqual(present, REVOKED, order.join());
  }
  assert.ok(!saysMore(REVOKED, REVOKED));
  assert.ok(
    saysMore(changed(3n), changed(2n)) && !saysMore(changed(2n), changed(3n)) && !saysMore(changed(2n), changed(2n)),
  );
});
