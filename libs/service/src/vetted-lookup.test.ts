import assert from "node:assert/strict";
import type { LookupAddress, LookupOptions } from "node:dns";
import { test } from "node:test";
import { isRefusedHost, vettedLookup } from "./vetted-lookup.ts";

const PUBLIC: LookupAddress = { address: "93.184.215.14", family: 4 };
const PUBLIC_6: LookupAddress = { address: "2606:2800:21f:cb07:6820:80da:af6b:8b2c", family: 6 };
const PRIVATE: LookupAddress = { address: "169.254.169.254", family: 4 };
const PRIVATE_6: LookupAddress = { address: "::ffff:127.0.0.1", family: 6 };

/** A name server that gives one of `answers` after the other, and what `connect` would hear of it. */
function nameServer(...answers: (LookupAddress[] | Error)[]) {
  const asked: LookupOptions[] = [];
  const lookup = vettedLookup((_, options, done) => {
    const answer = answers[asked.push(options) - 1] ?? assert.fail("asked once too often");
    if (answer instanceof Error) done(answer, []);
    else done(null, answer);
  });
  const hear = (options: LookupOptions) =>
    new Promise<unknown>((resolve) =>
      lookup("provider.example", options, (error, found, family) =>
        resolve(error ? error.code : options.all ? found : [found, family]),
      ),
    );
  return { asked, hear };
}

test("one private address among public ones refuses them all, wherever it stands and in every way of writing it", async () => {
  for (const answer of [[PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, PUBLIC_6, PRIVATE_6], [PRIVATE], []]) {
    for (const all of [true, false]) {
      assert.equal(await nameServer(answer).hear({ all }), "EADDRREFUSED", JSON.stringify([answer, all]));
    }
  }
});

test("what was checked is what is connected to: the name is asked once, for all of its addresses", async () => {
  for (const [all, heard] of [
    [true, [PUBLIC, PUBLIC_6]],
    [false, [PUBLIC.address, 4]],
  ] as const) {
    // A second answer that differs would be taken if it were asked for.
    const { asked, hear } = nameServer([PUBLIC, PUBLIC_6], [PRIVATE]);
    assert.deepEqual(await hear({ all, family: 0 }), heard);
    assert.deepEqual(asked, [{ all: true, family: 0 }]);
  }
});

test("a name that was public is checked anew for the next connection", async () => {
  const { hear } = nameServer([PUBLIC], [PRIVATE], [PUBLIC]);
  assert.deepEqual(
    [await hear({}), await hear({}), await hear({})],
    [[PUBLIC.address, 4], "EADDRREFUSED", [PUBLIC.address, 4]],
  );
});

test("a name that cannot be resolved stays what it is", async () => {
  const gone = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
  assert.equal(await nameServer(gone).hear({}), "ENOTFOUND");
});

test("a literal address never comes to the lookup, so it is looked at before", () => {
  assert.deepEqual(
    ["http://127.0.0.1:1", "http://[::1]", "http://93.184.215.14", "http://provider.example"].map(isRefusedHost),
    [true, true, false, false],
  );
});
