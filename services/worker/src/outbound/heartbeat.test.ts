// When a worker says how it is.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { WorkerHealth } from "@waybill/wire";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";

interface Played {
  heartbeat: Heartbeat;
  /** Moments at which it was said, with what was said. */
  said: { atMs: number; health: WorkerHealth }[];
  pass(ms: number): void;
}

function play(context: TestContext): Played {
  context.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  let nowMs = 0;
  const said: Played["said"] = [];
  const nc = {
    publish: (_subject: string, data?: unknown) => {
      assert.ok(data instanceof Uint8Array);
      said.push({ atMs: nowMs, health: WorkerHealth.decode(data) });
    },
  };
  const health = {
    workerId: "w1",
    models: [],
    inFlight: 0,
    capacity: 1,
    spooledRecords: 0,
    targets: [],
    answerLengths: [],
  };
  const heartbeat = startHeartbeat(nc, { monotonicMs: () => nowMs }, () => health);
  context.after(() => heartbeat.stop());
  return {
    heartbeat,
    said,
    pass(ms) {
      for (let passed = 0; passed < ms; passed += 1) {
        nowMs += 1;
        context.mock.timers.tick(1);
      }
    },
  };
}

const moments = ({ said }: Played): number[] => said.map(({ atMs }) => atMs);

test("it is said at once and then every second", (context) => {
  const played = play(context);
  played.pass(3_000);
  assert.deepEqual(moments(played), [0, 1_000, 2_000, 3_000]);
});

test("news is said at once, but for what was said a moment ago", (context) => {
  const played = play(context);
  played.pass(500);
  played.heartbeat.beatSoon();
  played.pass(1);
  assert.deepEqual(moments(played), [0, 501]);
  played.heartbeat.beatSoon();
  played.pass(300);
  assert.deepEqual(moments(played), [0, 501, 701]);
});

test("however much news there is, it is said five times a second at most", (context) => {
  const played = play(context);
  for (let ms = 0; ms < 5_000; ms += 1) {
    played.heartbeat.beatSoon();
    played.pass(1);
  }
  // Five a second, and the five that are said anyway.
  assert.ok(played.said.length > 20 && played.said.length <= 31, `${played.said.length}`);
});

test("after the end nothing is said, whatever happens", (context) => {
  const played = play(context);
  played.pass(100);
  played.heartbeat.beatSoon();
  played.heartbeat.stop();
  played.heartbeat.beatSoon();
  played.pass(5_000);
  assert.deepEqual(moments(played), [0]);
});

test("a drain is said at once and stays so", (context) => {
  const played = play(context);
  played.pass(10);
  played.heartbeat.drain();
  played.pass(1_000);
  assert.deepEqual(
    played.said.map(({ health }) => health.draining),
    [false, true, true],
  );
});
