import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import fc from "fast-check";
import { DEPTH_MAX, scanBody } from "./scan-body.ts";

const scan = (text: string) => scanBody(Buffer.from(text));
const codeOf = (body: Buffer): string => {
  try {
    scanBody(body);
    return "accepted";
  } catch (error) {
    assert(error instanceof WaybillError);
    return error.code;
  }
};

describe("scanBody()", () => {
  it("finds every top-level field of any JSON object at its exact bytes", () => {
    const key = fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => name !== "__proto__");
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue(), { maxKeys: 8 }), fc.nat(3), (object, indent) => {
        const body = Buffer.from(JSON.stringify(object, null, indent));
        if (JSON.stringify(object).includes('"__proto__":')) return;
        const { fields, value } = scanBody(body);
        assert.deepEqual([...fields.keys()].sort(), Object.keys(object).sort());
        for (const [name, span] of fields) {
          const text = body.toString("utf8", span.valueStart, span.valueEnd);
          assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(object[name])));
          const pair = body.toString("utf8", span.pairStart, span.valueEnd);
          assert.deepEqual(JSON.parse(`{${pair}}`)[name], value[name]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("accepts exactly what JSON.parse accepts, doubled fields and depth aside", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\ 1aétrue') }), (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          assert.equal(codeOf(Buffer.from(text)), "invalid_json");
          return;
        }
        if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
          assert.equal(codeOf(Buffer.from(text)), "invalid_json");
        }
      }),
      { numRuns: 500 },
    );
  });

  const refusals: [string, Buffer, string, string | undefined][] = [
    ["a doubled model", Buffer.from('{"model":"a","messages":[],"model":"b"}'), "invalid_value", "model"],
    ["a doubled model written with escapes", Buffer.from('{"model":"a","\\u006dodel":"b"}'), "invalid_value", "model"],
    ["__proto__ at the top", Buffer.from('{"__proto__":{"a":1}}'), "invalid_value", "__proto__"],
    ["__proto__ below", Buffer.from('{"a":[{"__proto__":1}]}'), "invalid_value", "__proto__"],
    ["__proto__ written with escapes", Buffer.from('{"a":{"\\u005f_proto__":1}}'), "invalid_value", "__proto__"],
    ["absurd depth", Buffer.from(`{"a":${"[".repeat(100_000)}`), "invalid_value", "a"],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "invalid_json", undefined],
    ["a byte order mark", Buffer.from('\ufeff{"a":1}'), "invalid_json", undefined],
    ["a trailing comma", Buffer.from('{"a":1,}'), "invalid_json", undefined],
    ["two objects", Buffer.from('{"a":1}{"model":"b"}'), "invalid_json", undefined],
    ["an array", Buffer.from("[]"), "invalid_json", undefined],
    ["nothing", Buffer.alloc(0), "invalid_json", undefined],
  ];
  for (const [what, body, code, param] of refusals) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => scanBody(body),
        (error) => error instanceof WaybillError && error.code === code && error.param === param,
      );
    });
  }

  it("accepts __proto__ as text, and depth up to the limit", () => {
    assert.equal(scan('{"model":"__proto__"}').value.model, "__proto__");
    const nested = DEPTH_MAX - 1;
    assert.ok(scan(`{"a":${"[".repeat(nested)}${"]".repeat(nested)}}`));
  });

  it("never quotes the body in its message", () => {
    assert.throws(
      () => scan('{"messages": my secret prompt}'),
      (error) => error instanceof WaybillError && !error.message.includes("secret"),
    );
  });
});
