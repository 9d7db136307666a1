import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { Decision } from "@waybill/wire";
import { Attempt, type AttemptEvent } from "../core/attempt.ts";
import { AttemptTable } from "../core/attempt-table.ts";
import { startAttemptBus } from "./attempt-bus.ts";

test("after the end of a drain no attempt begins: what is opened is given up before it is sent", () => {
  const stops: (() => void)[] = [];
  const scope = { metrics: { gauge() {} }, onStop: (_name: string, stop: () => void) => void stops.push(stop) };
  const clock = { monotonicMs: () => 0, unixMs: () => 0 };
  const control = { publish() {} } as unknown as NatsConnection;
  const table = new AttemptTable({ workerSilentMs: 1, lastFrameMs: 1, overdueMs: 1, keepEndedMs: 1 });
  const options = { control, ingressId: "i", life: "l", table, clock };
  const bus = startAttemptBus(options, scope as unknown as ServiceScope);
  const open = (attemptId: string): { attempt: Attempt; told: string[] } => {
    const told: string[] = [];
    const attempt = new Attempt({
      ...{ attemptId, requestId: "r", attribution: undefined, decision: Decision.create({}) },
      ...{ deadlineMs: 60_000, claimByMs: 15_000 },
      listener: ({ kind }: AttemptEvent) => void told.push(kind),
    });
    bus.open(attempt, Buffer.from("{}"));
    return { attempt, told };
  };
  try {
    const before = open("r.1");
    assert.deepEqual([before.attempt.state, before.told], ["waiting", []]);
    bus.cancelAll("draining");
    const after = open("r.2");
    for (const { attempt, told } of [before, after]) {
      assert.deepEqual([attempt.state, told], ["given_up", ["unclaimed"]]);
    }
  } finally {
    for (const stop of stops) stop();
  }
});
