import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./pause.ts";

const never = new Promise(() => {});

test("waits its time", async () => {
  const startedAtMs = performance.now();
  await pause(30, never);
  assert.ok(performance.now() - startedAtMs >= 29);
});

test("ends as soon as there is nothing left to wait for", async () => {
  const startedAtMs = performance.now();
  await pause(30_000, Promise.resolve());
  assert.ok(performance.now() - startedAtMs < 1_000);
});
