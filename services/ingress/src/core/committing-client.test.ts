import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client } from "../ports.ts";
import { CommittingClient, type CommitWindow } from "./committing-client.ts";

const head = { model: "m" } as AnswerHead;

function setUp(window: Partial<CommitWindow>) {
  const log: string[] = [];
  const timers: { ms: number; then(): void }[] = [];
  const inner = {
    isGone: false,
    get hasContent() {
      return log.length > 0;
    },
    stream: (_head: AnswerHead, bytes: Uint8Array) => void log.push(Buffer.from(bytes).toString()),
    endStream: () => void log.push("end"),
    fail: (error: WaybillError) => void log.push(`fail ${error.code}`),
  } as unknown as Client;
  const client = new CommittingClient(
    inner,
    { ms: 0, tokens: 0, ...window },
    (ms, then) => void timers.push({ ms, then }),
  );
  const send = (text: string): void => client.stream(head, Buffer.from(text));
  return { client, log, timers, send };
}

const event = (n: number): string => `data: ${n}\n\n`;

describe("the beginning of a stream", () => {
  it("is held back until its time is over, then told whole, and the rest at once", () => {
    const { client, log, timers, send } = setUp({ ms: 500 });
    send("a");
    send("b");
    assert.deepEqual([log, client.hasContent, timers.map(({ ms }) => ms)], [[], false, [500]]);
    timers[0]?.then();
    assert.deepEqual([log, client.hasContent], [["ab"], true]);
    send("c");
    client.endStream();
    assert.deepEqual(log, ["ab", "c", "end"]);
  });

  it("is held back until enough events are there, wherever the bytes are split", () => {
    for (const split of [1, 2, 3, 7, 100]) {
      const { log, timers, send } = setUp({ tokens: 3 });
      const bytes = `${event(1)}data: 2\r\n\r\n${event(3)}`;
      for (let at = 0; at < bytes.length; at += split) {
        assert.deepEqual(log, [], `split by ${split}`);
        send(bytes.slice(at, at + split));
      }
      assert.deepEqual([log.join(""), timers.length], [bytes, 0]);
    }
  });

  it("is told with its end where that comes first", () => {
    const { client, log, timers, send } = setUp({ ms: 500, tokens: 9 });
    send("a");
    client.endStream();
    timers[0]?.then();
    assert.deepEqual(log, ["a", "end"]);
  });

  it("is never told when the attempt fails before", () => {
    const { client, log, timers, send } = setUp({ ms: 500 });
    send("a");
    client.drop();
    timers[0]?.then();
    client.fail(new WaybillError("upstream_truncated"));
    assert.deepEqual(log, ["fail upstream_truncated"]);
  });

  it("is bounded, whatever a route says", () => {
    const { log, send } = setUp({ ms: 30_000 });
    for (let n = 0; n < 5; n += 1) send("x".repeat(60 * 1024));
    assert.equal(log[0]?.length, 300 * 1024);
  });
});
