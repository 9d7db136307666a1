import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type SseEvent, SseSplitter } from "./sse-events.ts";

const dataOf = (events: SseEvent[]): (string | undefined)[] =>
  events.map(({ data }) => (data === undefined ? undefined : Buffer.from(data).toString("utf8")));

function split(text: string | Buffer, cuts: readonly number[] = []): SseEvent[] {
  const bytes = Buffer.from(text);
  const splitter = new SseSplitter(1_000);
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    events.push(...splitter.push(bytes.subarray(from, cut)));
    from = Math.max(from, cut);
  }
  events.push(...splitter.push(bytes.subarray(from)), ...splitter.end());
  return events;
}

test("events come whole, with their bytes", () => {
  const events = split("data: a\n\ndata:b\n\n");
  assert.deepEqual(dataOf(events), ["a", "b"]);
  assert.equal(Buffer.concat(events.map((event) => event.raw)).toString(), "data: a\n\ndata:b\n\n");
});

test("comments, BOM, CRLF, lone CR, several data lines and other fields are understood", () => {
  assert.deepEqual(
    dataOf(split("\u{feff}: ping\n\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\nid: 7\n\ndata\n\ndata: z\r\r")),
    [undefined, "1\n2", undefined, "", "z"],
  );
  assert.deepEqual(dataOf(split("database: no\n\n")), [undefined]);
});

test("an end without a blank line still counts", () => {
  assert.deepEqual(dataOf(split("data: a\n\ndata: [DONE]")), ["a", "[DONE]"]);
  assert.deepEqual(dataOf(split("data: a\r\n\r")), ["a"]);
});

test("wherever the network cuts the bytes, the events are the same", () => {
  const stream =
    '\u{feff}: hi\n\ndata: {"t":"日本 naïve"}\r\n\r\n\ndata: 2\ndata: 3\n\nevent: e\rdata: 4\r\rdata: [DONE]\n\n';
  const whole = dataOf(split(stream));
  assert.deepEqual(whole, [undefined, '{"t":"日本 naïve"}', "2\n3", "4", "[DONE]"]);
  const size = Buffer.byteLength(stream);
  fc.assert(
    fc.property(fc.array(fc.nat(size)), (cuts) => {
      assert.deepEqual(dataOf(split(stream, cuts)), whole);
    }),
  );
});

test("an event above the limit is refused, in one piece or in many", () => {
  assert.throws(() => split(`data: ${"x".repeat(1_100)}`), /upstream_malformed/);
  const splitter = new SseSplitter(100);
  assert.throws(() => {
    for (let index = 0; index < 101; index += 1) splitter.push(Buffer.from("x"));
  }, /upstream_malformed/);
});
