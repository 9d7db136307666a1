import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenAttempts } from "./open-attempts.ts";

function setUp(): {
  open: OpenAttempts;
  seen: string[];
  message: Parameters<OpenAttempts["open"]>[2];
  carried: { cancel(code: string): void; sweep(nowMs: number): void };
} {
  const seen: string[] = [];
  const message = {
    data: new Uint8Array(0),
    deliveryCount: 1,
    streamSequence: 1,
    header: () => "",
    ack: () => void seen.push("ack"),
    working: () => void seen.push("working"),
    terminate: () => {},
  };
  const carried = {
    cancel: (code: string) => void seen.push(code),
    sweep: (nowMs: number) => void seen.push(`sweep ${nowMs}`),
  };
  return { open: new OpenAttempts(100, () => void seen.push("freed")), seen, message, carried };
}

test("a message is kept again and again until its attempt is closed", () => {
  const { open, seen, message } = setUp();
  const attempt = open.open("a", "i", message, 0);
  open.sweep(99);
  assert.deepEqual(seen, []);
  open.sweep(100);
  open.sweep(150);
  open.sweep(200);
  assert.deepEqual(seen, ["working", "working"]);
  open.close(attempt, true);
  open.sweep(900);
  assert.deepEqual(seen, ["working", "working", "freed"]);
});

test("capacity is free once the record is secured, the message is kept until it is stored", () => {
  const { open, seen, message } = setUp();
  const attempt = open.open("a", "i", message, 0);
  assert.deepEqual([open.carrying, open.stateOf("a")], [1, "open"]);
  open.secure(attempt);
  open.secure(attempt);
  assert.deepEqual([open.carrying, open.size, seen], [0, 1, ["freed"]]);
  open.sweep(100);
  open.close(attempt, true);
  assert.deepEqual([open.carrying, open.size, open.stateOf("a"), seen], [0, 0, "recorded", ["freed", "working"]]);
});

test("an attempt that was left alone is new when it comes again", () => {
  const { open, message } = setUp();
  open.close(open.open("a", "i", message, 0), false);
  assert.equal(open.stateOf("a"), "new");
});

test("a cancel that comes before the call ends it as it begins; the first reason stands", () => {
  const { open, seen, message, carried } = setUp();
  const attempt = open.open("a", "i", message, 0);
  open.cancel("a", "slow_reader");
  open.cancel("a", "draining");
  attempt.carry(carried);
  assert.deepEqual([attempt.cancelledBy, seen], ["slow_reader", ["slow_reader"]]);
  open.cancel("unknown", "client_gone");
});

test("only running calls of an ingress that is silent are cancelled, once", () => {
  const { open, seen, message, carried } = setUp();
  open.open("quiet", "gone", message, 0).carry(carried);
  open.open("loud", "here", message, 0).carry(carried);
  open.open("waiting", "gone", message, 0);
  const heardAtMs = (ingressId: string): number => (ingressId === "here" ? 900 : 0);
  open.cancelSilent(499, 500, heardAtMs);
  assert.deepEqual(seen, []);
  open.cancelSilent(1_000, 500, heardAtMs);
  open.cancelSilent(1_000, 500, heardAtMs);
  assert.deepEqual(seen, ["client_gone"]);
});

test("what was recorded is remembered within a bound", () => {
  const { open, message } = setUp();
  for (let index = 0; index < 20_100; index += 1) open.close(open.open(`a${index}`, "i", message, 0), true);
  assert.deepEqual([open.stateOf("a0"), open.stateOf("a20099")], ["new", "recorded"]);
});
