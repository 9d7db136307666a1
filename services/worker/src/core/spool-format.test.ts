import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeSegment, encodeEntry } from "./spool-format.ts";

const record = fc.record({
  data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  traceparent: fc.constantFrom("", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"),
});
const segmentOf = (records: { data: Uint8Array; traceparent: string }[]): Uint8Array =>
  Buffer.concat(records.map(encodeEntry));
const plain = (records: { data: Uint8Array; traceparent: string }[]): unknown[] =>
  records.map(({ data, traceparent }) => [[...data], traceparent]);

test("what was written is read back, in order", () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const decoded = decodeSegment(segmentOf(records));
      assert.equal(decoded.end, "clean");
      assert.deepEqual(plain(decoded.records), plain(records));
    }),
  );
});

test("cut anywhere, exactly the whole entries before the cut survive", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), fc.nat(), (records, cutSeed) => {
      const whole = segmentOf(records);
      const cut = cutSeed % whole.length;
      const { records: read, end, goodBytes } = decodeSegment(whole.subarray(0, cut));
      assert.deepEqual(plain(read), plain(records.slice(0, read.length)));
      assert.equal(goodBytes, segmentOf(records.slice(0, read.length)).length);
      assert.ok(cut - goodBytes < encodeEntry(records[read.length] ?? { data: whole, traceparent: "" }).length);
      assert.equal(end, cut === goodBytes ? "clean" : "torn");
    }),
  );
});

test("a flipped bit is never read as a record", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), fc.nat(), (records, bitSeed) => {
      const bytes = segmentOf(records);
      const bit = bitSeed % (bytes.length * 8);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { records: read, end } = decodeSegment(bytes);
      assert.notEqual(end, "clean");
      assert.deepEqual(plain(read), plain(records.slice(0, read.length)));
    }),
  );
});
