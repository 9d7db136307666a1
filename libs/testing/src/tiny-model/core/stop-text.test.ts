// However a text is cut into pieces, what is shown ends before the first stop sequence.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StopText } from "./stop-text.ts";

test("pieces make no difference", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), { maxLength: 3 });
  fc.assert(
    fc.property(text, stops, fc.integer({ min: 1, max: 5 }), (whole, sequences, size) => {
      const watch = new StopText(sequences);
      let shown = "";
      for (let at = 0; at < whole.length; at += size) shown += watch.push(whole.slice(at, at + size));
      shown += watch.flush();
      // The first to be complete stops the text; where two complete in one piece, the one that begins first.
      for (const sequence of sequences) assert.ok(!shown.includes(sequence), `${shown} has ${sequence}`);
      assert.ok(whole.startsWith(shown));
      if (!sequences.some((sequence) => whole.includes(sequence))) assert.equal(shown, whole);
    }),
  );
});
