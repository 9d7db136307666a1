import assert from "node:assert/strict";
import { test } from "node:test";
import { takeOut } from "./take-out.ts";

test("what is at the top is taken out, in the order asked for, and all other bytes stay", () => {
  const rest = takeOut(Buffer.from('{ "a":1.50, "user":"ü", "b":[1e3], "n" : 2 }'), ["n", "user", "seed"]);
  assert.equal(rest?.body.toString(), '{ "a":1.50, "b":[1e3] }');
  assert.deepEqual(
    [rest?.taken, [...(rest?.fields.keys() ?? [])]],
    [
      ["n", "user"],
      ["a", "b"],
    ],
  );
  assert.deepEqual(rest?.value, { a: 1.5, user: "ü", b: [1000], n: 2 });
});

test("a body that has none of the names at all is not read", () => {
  assert.equal(takeOut(Buffer.from('no JSON, and a role of "user"'), ["user", "seed"]), undefined);
});
