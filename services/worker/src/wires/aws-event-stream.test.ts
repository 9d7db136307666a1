// Messages made by hand from the specification, with node's own checksum; the SDK's reading of the same bytes is proven beside the
// scripted provider's voice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { type EventMessage, EventStreamSplitter } from "./aws-event-stream.ts";

function header(name: string, type: number, value: Buffer): Buffer {
  const length = type === 6 || type === 7 ? Buffer.from([value.length >> 8, value.length & 0xff]) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([type]), length, value]);
}

function message(headers: Buffer, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(16 + headers.length + payload.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  headers.copy(bytes, 12);
  payload.copy(bytes, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

const text = (name: string, value: string): Buffer => header(name, 7, Buffer.from(value));
const every = Buffer.concat([
  ...[header("t", 0, Buffer.alloc(0)), header("f", 1, Buffer.alloc(0)), header("b", 2, Buffer.alloc(1))],
  ...[header("s", 3, Buffer.alloc(2)), header("i", 4, Buffer.alloc(4)), header("l", 5, Buffer.alloc(8))],
  ...[header("by", 6, Buffer.from("xyz")), header("ts", 8, Buffer.alloc(8)), header("u", 9, Buffer.alloc(16))],
  text(":event-type", "metadata"),
]);
const stream = Buffer.concat([
  message(text(":message-type", "event"), Buffer.from('{"a":"Köln"}')),
  message(every, Buffer.alloc(0)),
  message(Buffer.alloc(0), Buffer.from("x".repeat(300))),
]);

const shown = ({ headers, payload }: EventMessage) => [Object.fromEntries(headers), Buffer.from(payload).toString()];
const expected = [
  [{ ":message-type": "event" }, '{"a":"Köln"}'],
  [{ ":event-type": "metadata" }, ""],
  [{}, "x".repeat(300)],
];

test("messages are whole wherever the network cut them", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
      const splitter = new EventStreamSplitter();
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const read = places.slice(1).flatMap((to, index) => splitter.push(stream.subarray(places[index], to)));
      assert.deepEqual(read.map(shown), expected);
      assert.equal(splitter.isInside, false);
    }),
  );
  const byBytes = new EventStreamSplitter();
  assert.deepEqual([...stream].flatMap((byte) => byBytes.push(Uint8Array.of(byte))).map(shown), expected);
});

test("an unfinished message is noticed", () => {
  const splitter = new EventStreamSplitter();
  assert.equal(splitter.push(stream.subarray(0, -1)).length, 2);
  assert.equal(splitter.isInside, true);
});

test("one wrong bit anywhere is seen", () => {
  fc.assert(
    fc.property(fc.nat(stream.length * 8 - 1), (bit) => {
      const broken = Buffer.from(stream);
      broken.writeUInt8((broken[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      assert.throws(() => new EventStreamSplitter().push(broken), { code: "upstream_malformed" });
    }),
  );
});

test("impossible lengths are refused before anything is waited for", () => {
  const prelude = (total: number, headers: number): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(total, 0);
    bytes.writeUInt32BE(headers, 4);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
    return bytes;
  };
  for (const [total, headers] of [
    [15, 0],
    [100, 99],
    [0xffffffff, 0],
    [1_000_000, 200_000],
  ] as const) {
    assert.throws(() => new EventStreamSplitter().push(prelude(total, headers)), { code: "upstream_malformed" });
  }
  for (const headers of [Buffer.from([5, 1]), header("x", 10, Buffer.alloc(0)), header("x", 4, Buffer.alloc(2))]) {
    assert.throws(() => new EventStreamSplitter().push(message(headers, Buffer.alloc(0))), {
      code: "upstream_malformed",
    });
  }
});
