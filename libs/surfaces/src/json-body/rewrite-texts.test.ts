import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rewriteTexts } from "./rewrite-texts.ts";

const rewritten = (json: string, change: Parameters<typeof rewriteTexts>[1]): string =>
  rewriteTexts(Buffer.from(json), change).toString();

test("only the text changes; spaces, numbers and keys keep their bytes", () => {
  const json = '{ "a" : 1.50, "b":["x", {"c":"x","x": "y"}], "d":"\\u0041x" }';
  assert.equal(
    rewritten(json, (text) => text.replaceAll("x", 'q"')),
    '{ "a" : 1.50, "b":["q\\"", {"c":"q\\"","x": "y"}], "d":"Aq\\"" }',
  );
});

test("each text is told with the fields it lies in, from the outside", () => {
  const seen: string[] = [];
  rewritten('{"m":[{"role":"u","c":[{"t":"1"},"2"]}, "3"],"k\\u0065y":"4","o":{"p":{}},"z":"5"}', (text, keys) => {
    seen.push(`${keys.join(".")}=${text}`);
    return text;
  });
  assert.deepEqual(seen, ["m.role=u", "m.c.t=1", "m.c=2", "m=3", "key=4", "z=5"]);
});

test("a key that comes twice has both its texts changed", () => {
  assert.equal(
    rewritten('{"m":{"c":"s","c":"s"}}', () => "n"),
    '{"m":{"c":"n","c":"n"}}',
  );
});

test("what is not changed is the same buffer", () => {
  const body = Buffer.from('{"a":"b"}');
  assert.equal(
    rewriteTexts(body, (text) => text),
    body,
  );
});

test("any JSON means the same afterwards but for its texts", () => {
  const mark = (value: unknown): unknown => {
    if (typeof value === "string") return `<${value}>`;
    if (Array.isArray(value)) return value.map(mark);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mark(item)]));
  };
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), undefined, indent);
      assert.deepEqual(JSON.parse(rewritten(text, (each) => `<${each}>`)), mark(JSON.parse(text)));
    }),
  );
});
