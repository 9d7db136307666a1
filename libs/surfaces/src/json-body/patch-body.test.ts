import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fieldText, patchBody } from "./patch-body.ts";
import { scanBody } from "./scan-body.ts";

function patch(text: string, fields: Record<string, string>): string {
  const body = Buffer.from(text);
  const { fields: spans, insertAt } = scanBody(body);
  const layout = { spans: [...spans.values()], insertAt, isEmpty: spans.size === 0 };
  return Buffer.from(patchBody(body, layout, new Map(Object.entries(fields)))).toString("utf8");
}

test("only the named values change; every other byte stays", () => {
  assert.equal(
    patch('{ "model" : "a" ,"x":1.50,"stream":true, "ü":"ü"}', { model: '"b"', max_tokens: "7" }),
    '{"max_tokens":7, "model" : "b" ,"x":1.50,"stream":true, "ü":"ü"}',
  );
});

test("an empty object takes fields without a comma", () => {
  assert.equal(patch("{ }", { model: '"b"' }), '{"model":"b" }');
});

test("a body inside a larger buffer is patched by its own offsets", () => {
  const large = Buffer.from('xx{"model":"a"}yy');
  const body = large.subarray(2, 15);
  const { fields, insertAt } = scanBody(body);
  const layout = { spans: [...fields.values()], insertAt, isEmpty: false };
  assert.equal(Buffer.from(patchBody(body, layout, new Map([["model", "1"]]))).toString(), '{"model":1}');
  assert.equal(fieldText(body, layout.spans, "model"), '"a"');
});

test("any object is patched as if it had been parsed, changed and written", () => {
  const name = fc.stringMatching(/^[a-z_"\\é]{1,8}$/).filter((key) => key !== "__proto__");
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })),
      fc.dictionary(name, fc.jsonValue({ maxDepth: 1 })),
      fc.nat(3),
      (object, changes, indent) => {
        const hasProto = JSON.stringify([object, changes]).includes("__proto__");
        fc.pre(!hasProto);
        const fields = Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, JSON.stringify(value)]));
        const patched = JSON.parse(patch(JSON.stringify(object, null, indent), fields));
        assert.deepEqual(patched, JSON.parse(JSON.stringify({ ...object, ...changes })));
      },
    ),
    { numRuns: 300 },
  );
});

test("a layout that does not fit is refused, not applied", () => {
  const body = Buffer.from('{"model":"a"}');
  const span = { name: "model", pairStart: 1, valueStart: 9, valueEnd: 99 };
  assert.throws(() => patchBody(body, { spans: [span], insertAt: 1, isEmpty: false }, new Map()), RangeError);
  assert.throws(() => patchBody(body, { spans: [], insertAt: 5, isEmpty: false }, new Map()), RangeError);
  const twice = { ...span, valueEnd: 12 };
  assert.throws(() => patchBody(body, { spans: [twice, twice], insertAt: 1, isEmpty: false }, new Map()), RangeError);
});
