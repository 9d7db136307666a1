// Different things never share a key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aliasKey, modelKey, providerKey, routeKey, trialKey } from "./config-keys.ts";

test("names with dots, slashes and dashes stay apart", () => {
  const keys = [
    providerKey("a-b"),
    modelKey("a", "b.c"),
    modelKey("a.b", "c"),
    modelKey("a", "b/c"),
    aliasKey("a.b"),
    routeKey("", "a"),
    routeKey("-", "a"),
    routeKey("_2D", "a"),
    routeKey("a", "b.c"),
    routeKey("a.b", "c"),
    trialKey("", "a", 1),
    trialKey("", "a", 11),
    trialKey("", "a.1", 1),
    trialKey("-", "a", 1),
  ];
  assert.equal(new Set(keys).size, keys.length, keys.join(" "));
  for (const key of keys) assert.match(key, /^[A-Za-z0-9_.-]+$/);
});
