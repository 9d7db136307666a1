import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualKey } from "@waybill/wire";
import { KeyMemory } from "./key-memory.ts";

const key = (keyId: string): VirtualKey =>
  VirtualKey.create({
    ...{ keyId, secretSha256: Buffer.alloc(32, 7), allowedModels: ["m"], metadata: { a: "1" }, revision: 3n },
    attribution: { organisationId: "acme", tags: { b: "2" } },
  });

test("a key comes back as it was told, whether it is at hand or not", () => {
  const memory = new KeyMemory(10, 1);
  for (const id of ["a", "b"]) memory.put(id, key(id), 5);
  for (const id of ["a", "b", "b", "a"]) {
    const found = memory.get(id);
    assert.deepEqual(found, { key: key(id), askedAtMs: 5 });
  }
  assert.equal(memory.get("a")?.key, memory.get("a")?.key, "at hand it is not read again");
});

test("that there is no such key is remembered, too", () => {
  const memory = new KeyMemory(10, 10);
  memory.put("a", undefined, 1);
  assert.deepEqual(memory.get("a"), { key: undefined, askedAtMs: 1 });
  assert.equal(memory.get("b"), undefined);
});

test("a newer answer takes the place of the one before, also at hand", () => {
  const memory = new KeyMemory(10, 10);
  memory.put("a", key("a"), 1);
  memory.get("a");
  memory.put("a", VirtualKey.create({ keyId: "a", revision: 4n }), 2);
  assert.deepEqual([memory.get("a")?.key?.revision, memory.get("a")?.askedAtMs], [4n, 2]);
  memory.put("a", undefined, 3);
  assert.deepEqual(memory.get("a"), { key: undefined, askedAtMs: 3 });
});

test("no more are kept than allowed: the one that was asked for first goes", () => {
  const memory = new KeyMemory(2, 10);
  for (const id of ["a", "b", "a", "c"]) memory.put(id, key(id), 1);
  assert.deepEqual(
    ["a", "b", "c"].map((id) => memory.get(id) !== undefined),
    [true, false, true],
  );
});
