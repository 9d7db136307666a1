import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WaybillError } from "@waybill/domain";
import { Decision, FrameFailed, FrameFinished, FrameStarted } from "@waybill/wire";
import type { AnswerHead, Client } from "../ports.ts";
import { Relay } from "./relay.ts";

const decision = Decision.create({
  attempt: 2,
  target: { provider: "sim", model: "economy", upstreamModel: "economy", simulated: true },
  route: "support",
  routeVersion: 3,
  path: ["start", "cheap"],
});

/** Remembers what it was told; as strict as the real one about order. */
class ToldClient implements Client {
  renamed = "";
  rename(requestId: string): void {
    this.renamed = requestId;
  }
  readonly told: string[] = [];
  isGone = false;
  hasContent = false;
  head: AnswerHead | undefined;
  onGone(): void {}
  answer(head: AnswerHead, status: number, type: string, body: Buffer[], costUsd: string): void {
    this.head = head;
    this.told.push(`answer ${status} ${type} ${Buffer.concat(body)} ${costUsd}`);
  }
  stream(head: AnswerHead, bytes: Uint8Array): void {
    this.head = head;
    this.hasContent = true;
    this.told.push(`stream ${Buffer.from(bytes)}`);
  }
  stoppedEarly(): void {
    this.told.push("stopped");
  }
  endStream(): void {
    this.told.push("end");
  }
  fail(error: WaybillError): void {
    this.told.push(`fail ${error.code}`);
  }
}

const relayOf = (isStream: boolean, answerBytesMax = 100) => {
  const client = new ToldClient();
  const cancelled: string[] = [];
  const relay = new Relay(client, decision, isStream, answerBytesMax, (reason) => void cancelled.push(reason));
  return { client, cancelled, relay };
};
const data = (text: string) => ({ kind: "data" as const, bytes: Buffer.from(text), countedOutputTokens: 0 });
const started = {
  kind: "started" as const,
  frame: FrameStarted.create({ status: 200, contentType: "application/json" }),
};
const finished = {
  kind: "finished" as const,
  frame: FrameFinished.create({ costPicoUsd: 1_500_000n, costKnown: true }),
};

describe("the relay", () => {
  it("collects an answer that is not streamed and sends it whole with its cost", async () => {
    const { client, relay } = relayOf(false);
    for (const event of [started, data('{"a"'), data(":1}"), finished]) relay.on(event);
    assert.deepEqual(client.told, ['answer 200 application/json {"a":1} 0.0000015']);
    assert.equal((await relay.end).kind, "complete");
    assert.equal(client.head?.route, "support@v3");
    assert.equal(client.head?.path, "start>cheap");
    assert.equal(client.head?.attempts, 2);
  });

  it("passes a stream on as it comes", async () => {
    const { client, relay } = relayOf(true);
    for (const event of [started, data("x"), data("y"), finished]) relay.on(event);
    assert.deepEqual(client.told, ["stream x", "stream y", "end"]);
    assert.equal((await relay.end).kind, "complete");
  });

  it("tells the story, not the client, when an attempt fails: there may be a fallback", async () => {
    const { client, relay } = relayOf(true);
    relay.on({ kind: "failed", frame: FrameFailed.create({ code: "upstream_timeout" }) });
    assert.deepEqual(client.told, []);
    const end = await relay.end;
    assert.equal(end.kind === "failed" && end.error.code, "upstream_timeout");
  });

  it("never bridges a gap, and stops the worker", async () => {
    const { cancelled, relay } = relayOf(true);
    relay.on(data("x"));
    relay.on({ kind: "gap" });
    const end = await relay.end;
    assert.equal(end.kind === "failed" && end.error.code, "stream_gap");
    assert.deepEqual(cancelled, ["superseded"]);
  });

  it("refuses an answer that is too large instead of keeping it", async () => {
    const { cancelled, relay } = relayOf(false, 3);
    relay.on(data("four"));
    const end = await relay.end;
    assert.equal(end.kind, "failed");
    assert.deepEqual(cancelled, ["superseded"]);
  });

  it("says nothing to a client that is gone", async () => {
    const { client, relay } = relayOf(true);
    client.isGone = true;
    relay.on(data("x"));
    relay.on(finished);
    assert.deepEqual(client.told, []);
    assert.equal((await relay.end).kind, "client_gone");
  });
});
