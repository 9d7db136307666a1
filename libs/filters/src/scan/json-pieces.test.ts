import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JsonPieces, maskEscapes, wholeEscapes } from "./json-pieces.ts";

test("escapes become unreadable, and everything else stays in its place", () => {
  assert.equal(maskEscapes("a\\nb\\u00e4c\\\\n"), "a\u0001\u0002b\u0001\u0002\u0002\u0002\u0002\u0002c\u0001\u0002n");
  assert.equal(maskEscapes("plain"), "plain");
});

test("no piece ends inside of an escape, and nothing is lost", () => {
  const parts = fc.constantFrom("a", "n", "u", "0041", "\\n", "\\\\", '\\"', "\\u0041", "\\u00");
  fc.assert(
    fc.property(
      fc.array(parts).map((list) => list.join("")),
      fc.integer({ min: 1, max: 7 }),
      (text, units) => {
        const pieces = new JsonPieces();
        let joined = "";
        let masked = "";
        for (let at = 0; at < text.length; at += units) {
          const piece = pieces.push(text.slice(at, at + units));
          joined += piece;
          masked += maskEscapes(piece);
        }
        const rest = pieces.end();
        assert.equal(joined + rest, text);
        assert.equal(masked + maskEscapes(rest), maskEscapes(text));
      },
    ),
  );
});

test("a place inside of an escape is widened to the whole of it", () => {
  const masked = maskEscapes("x\\u0041y");
  assert.deepEqual(wholeEscapes(masked, 3, 5), { start: 1, end: 7 });
  assert.deepEqual(wholeEscapes(masked, 0, 1), { start: 0, end: 1 });
});
