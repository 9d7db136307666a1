import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { removeField } from "./remove-field.ts";
import { scanBody } from "./scan-body.ts";

function remove(text: string, name: string) {
  const body = Buffer.from(text);
  return removeField({ body, fields: scanBody(body).fields }, name);
}

for (const [where, text, left] of [
  ["first", '{ "r" : {"a":[1,2]} , "x":1.50,"ü":"ü" }', '{ "x":1.50,"ü":"ü" }'],
  ["in the middle", '{"x":1.50, "r":"a,b" ,\n "y":[ 1 ]}', '{"x":1.50, "y":[ 1 ]}'],
  ["last", '{"x":1.50 , "r":null }', '{"x":1.50 }'],
  ["alone", '{ "r" : 1 }', "{  }"],
  ["written with escapes", '{"\\u0072":1,"x":2}', '{"x":2}'],
] as const) {
  test(`a field that stands ${where} leaves every other byte as it was`, () => {
    assert.equal(remove(text, "r").body.toString(), left);
  });
}

test("a body without the field is not copied", () => {
  const body = Buffer.from('{"x":1}');
  const from = { body, fields: scanBody(body).fields };
  assert.equal(removeField(from, "r"), from);
});

test("spans are those that a scan of the new body would find", () => {
  const name = fc.stringMatching(/^[a-z_"\\é]{1,8}$/).filter((key) => key !== "__proto__");
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }),
      fc.nat(),
      fc.nat(3),
      (object, pick, indent) => {
        fc.pre(!JSON.stringify(object).includes("__proto__"));
        const names = Object.keys(object);
        const gone = names[pick % names.length] ?? "";
        const { body, fields } = remove(JSON.stringify(object, null, indent), gone);
        const { value, fields: found } = scanBody(body);
        assert.deepEqual([...fields.values()], [...found.values()]);
        const { [gone]: _, ...rest } = JSON.parse(JSON.stringify(object));
        assert.deepEqual(value, rest);
      },
    ),
    { numRuns: 300 },
  );
});
