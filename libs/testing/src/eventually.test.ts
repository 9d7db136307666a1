// Waiting ends with the value, or with an error that says what was waited for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

test("gives the value as soon as there is one", async () => {
  let asked = 0;
  assert.equal(await eventually(() => (++asked === 3 ? "now" : undefined), { reason: "three" }), "now");
});

test("says what never came, with the last exception as its cause", async () => {
  const never = eventually(() => Promise.reject(new Error("still closed")), {
    reason: "the door opens",
    timeoutMs: 30,
  });
  await assert.rejects(never, (error: Error) => {
    assert.match(error.message, /30 ms: the door opens/);
    assert.equal((error.cause as Error).message, "still closed");
    return true;
  });
});

test("free ports differ and are free", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  assert.equal(new Set(ports).size, 20);
});
