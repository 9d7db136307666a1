import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Heartbeat } from "./heartbeat.ts";

test("a stream is sent a sign of life after each silence, never inside an event, and none once it is over", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    let beats = 0;
    const heartbeat = new Heartbeat(100, () => {
      beats += 1;
    });
    const silence = (ms: number): number => {
      mock.timers.tick(ms);
      return beats;
    };
    assert.equal(silence(99), 0);
    assert.deepEqual([silence(1), silence(100)], [1, 2]);
    for (const [text, beatsAfter] of [
      ["data: half of an ev", 2],
      ["ent\n", 2],
      ["\n", 2],
      ["data: x\n\n", 3],
      ["data: x\r\n\r\n", 4],
      ["data: x\r\n", 4],
      ["data: x\r\r", 5],
    ] as const) {
      heartbeat.wrote(Buffer.from(text));
      assert.equal(silence(100), beatsAfter, JSON.stringify(text));
    }
    heartbeat.stop();
    assert.equal(silence(1_000), 5);
  } finally {
    mock.timers.reset();
  }
});
