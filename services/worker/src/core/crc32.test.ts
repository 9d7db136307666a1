import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "./crc32.ts";

test("the standard check value", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
});

test("one changed bit changes it", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
  const before = crc32(bytes);
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  assert.notEqual(crc32(bytes), before);
});
