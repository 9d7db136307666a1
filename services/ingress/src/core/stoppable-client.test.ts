import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamStop } from "@waybill/surfaces";
import fc from "fast-check";
import type { AnswerHead, Client } from "../ports.ts";
import { StoppableClient } from "./stoppable-client.ts";

const HEAD = { model: "m" } as AnswerHead;
const REASON = { comment: "no money", outputTokens: 7n };
/** Whole events; the last ends the stream. */
const EVENTS = [
  'data: {"n":1}\n\n',
  ": a comment\n\n",
  'event: two\r\ndata: {"n":2}\r\n\r\n',
  'data: {"n":3}\n\n',
  "data: [DONE]\n\n",
];

function stoppable() {
  const shown: Buffer[] = [];
  const told: string[] = [];
  const saw: unknown[] = [];
  const client = {
    stream: (_head: AnswerHead, bytes: Uint8Array) => void shown.push(Buffer.from(bytes)),
    stoppedEarly: () => void told.push("stopped early"),
    endStream: () => void told.push("end"),
  } as unknown as Client;
  const stream: StreamStop = {
    saw: ({ n }) => void saw.push(n),
    end: (outputTokens) => `data: the end after ${saw.length} events and ${outputTokens} tokens\n\n`,
  };
  const stopping = new StoppableClient(client, { stream, onStopped: () => void told.push("told") });
  return { stopping, told, saw, shown: () => Buffer.concat(shown).toString() };
}

test("a stream that is not stopped passes as it is", () => {
  const { stopping, told, shown } = stoppable();
  for (const event of EVENTS) stopping.stream(HEAD, Buffer.from(event));
  stopping.endStream();
  assert.equal(shown(), EVENTS.join(""));
  assert.deepEqual(told, ["end"]);
});

test("wherever it is cut and stopped, only whole events were shown, and then its end", () => {
  const whole = Buffer.from(EVENTS.slice(0, 4).join(""));
  const places = fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 6 });
  fc.assert(
    fc.property(places, fc.nat(7), (cuts, stopAfter) => {
      const { stopping, told, saw, shown } = stoppable();
      const ends = [...cuts.sort((one, other) => one - other), whole.length];
      let from = 0;
      for (const [index, end] of ends.entries()) {
        if (index === Math.min(stopAfter, ends.length - 1)) stopping.stop(REASON);
        stopping.stream(HEAD, whole.subarray(from, end));
        from = end;
      }
      stopping.endStream();
      const end = `: no money\n\ndata: the end after ${saw.length} events and 7 tokens\n\n`;
      assert.ok(shown().endsWith(end), shown());
      const before = shown().slice(0, -end.length);
      const wholes = EVENTS.map((_, count) => EVENTS.slice(0, count).join(""));
      assert.ok(wholes.includes(before), JSON.stringify(before));
      assert.deepEqual(told, ["stopped early", "end", "told"]);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("a stream that is over is not stopped any more", () => {
  const { stopping, told, shown } = stoppable();
  stopping.stream(HEAD, Buffer.from(EVENTS.join("")));
  stopping.stop(REASON);
  stopping.endStream();
  assert.equal(shown(), EVENTS.join(""));
  assert.deepEqual(told, ["end"]);
});
