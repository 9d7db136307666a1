import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerHead, Client } from "../ports.ts";
import { KeepingClient } from "./keeping-client.ts";
import type { KeptAnswer } from "./kept-answer.ts";

const head = { model: "m" } as AnswerHead;

function setUp(bytesMax = 100) {
  const log: string[] = [];
  const kept: KeptAnswer[] = [];
  const inner = {
    isGone: false,
    hasContent: false,
    answer: () => void log.push("answer"),
    stream: (_head: AnswerHead, bytes: Uint8Array) => void log.push(`stream ${Buffer.from(bytes)}`),
    endStream: () => void log.push("end"),
    fail: () => void log.push("fail"),
  } as unknown as Client;
  const client = new KeepingClient(inner, {
    requestId: "r",
    bytesMax,
    async keep(answer) {
      kept.push(answer);
      log.push("kept");
    },
  });
  return { client, log, kept };
}

test("a stream goes on at once, and its end waits until the whole is kept", async () => {
  const { client, log, kept } = setUp();
  client.stream(head, Buffer.from("a"));
  client.stream(head, Buffer.from("b"));
  client.endStream();
  assert.deepEqual(log, ["stream a", "stream b", "kept"]);
  await client.settled;
  assert.deepEqual([log.at(-1), kept[0]?.body.toString(), kept[0]?.isStream, client.isKept], ["end", "ab", true, true]);
});

test("a plain answer is kept before it is told", async () => {
  const { client, log, kept } = setUp();
  client.answer(head, 200, "application/json", [Buffer.from("{"), Buffer.from("}")], "0.1");
  await client.settled;
  assert.deepEqual([log, kept[0]?.body.toString(), kept[0]?.costUsd], [["kept", "answer"], "{}", "0.1"]);
});

test("what is too large is told and not kept, and so is a failure", async () => {
  const { client, log, kept } = setUp(1);
  client.stream(head, Buffer.from("ab"));
  client.endStream();
  client.answer(head, 200, "application/json", [Buffer.from("ab")], "");
  client.fail(new Error("x") as never);
  await client.settled;
  assert.deepEqual([log, kept, client.isKept], [["stream ab", "end", "answer", "fail"], [], false]);
});
