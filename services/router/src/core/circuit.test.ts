// A circuit opens on failures, lets few try after a while, and closes on a success.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Circuit } from "./circuit.ts";

const failed = (failures: number) => ({ hasSucceeded: false, failures });
const SUCCEEDED = { hasSucceeded: true, failures: 0 };
const NOTHING = failed(0);
const FEW = { calls: 0, errorShare: 0, failingShare: () => 1 };

function opened(atMs = 0): Circuit {
  const circuit = new Circuit();
  circuit.heard(failed(5), FEW, atMs);
  return circuit;
}

test("five failures in a row open it, over heartbeats of whichever workers", () => {
  const circuit = new Circuit();
  circuit.heard(failed(4), FEW, 0);
  assert.deepEqual([circuit.state(0), circuit.admits(0)], ["closed", true]);
  circuit.heard(failed(1), FEW, 1);
  assert.deepEqual([circuit.state(1), circuit.admits(1)], ["open", false]);
});

test("a success at any worker ends the run", () => {
  const circuit = new Circuit();
  circuit.heard(failed(4), FEW, 0);
  circuit.heard({ hasSucceeded: true, failures: 2 }, FEW, 1);
  circuit.heard(failed(2), FEW, 2);
  assert.equal(circuit.state(2), "closed");
  circuit.heard(failed(1), FEW, 3);
  assert.equal(circuit.state(3), "open");
});

test("a run that less than half of the workers see does not open it", () => {
  const circuit = new Circuit();
  circuit.heard(failed(50), { ...FEW, failingShare: () => 0.49 }, 0);
  assert.equal(circuit.state(0), "closed");
  circuit.heard(NOTHING, { ...FEW, failingShare: () => 0.5 }, 1);
  assert.equal(circuit.state(1), "open", "but it does when the others say so too");
});

test("half of ten calls opens it, of nine does not", () => {
  const circuit = new Circuit();
  circuit.heard(NOTHING, { ...FEW, calls: 9, errorShare: 8 / 9 }, 0);
  circuit.heard(NOTHING, { ...FEW, calls: 1_000, errorShare: 0.499 }, 0);
  assert.equal(circuit.state(0), "closed");
  circuit.heard(NOTHING, { ...FEW, calls: 10, errorShare: 0.5 }, 0);
  assert.equal(circuit.state(0), "open");
});

test("after five seconds one request a second may try", () => {
  const circuit = opened();
  assert.equal(circuit.state(4_999), "open");
  assert.equal(circuit.state(5_000), "half_open");
  assert.deepEqual(
    [5_000, 5_001, 5_999, 6_000].map((ms) => circuit.admits(ms)),
    [true, false, false, true],
  );
});

test("a failed probe opens it for twice as long, up to 20 s", () => {
  const circuit = opened();
  let nowMs = 5_000;
  for (const openMs of [10_000, 20_000, 20_000, 20_000]) {
    circuit.heard(failed(1), FEW, nowMs);
    assert.equal(circuit.state(nowMs + openMs - 1), "open", `${openMs}`);
    nowMs += openMs;
    assert.equal(circuit.state(nowMs), "half_open");
  }
});

test("a success closes it, and the next opening is short again", () => {
  const circuit = opened();
  circuit.heard(failed(1), FEW, 5_000);
  circuit.heard(SUCCEEDED, FEW, 15_000);
  assert.equal(circuit.state(15_000), "closed");
  circuit.heard(failed(4), FEW, 15_001);
  assert.equal(circuit.state(15_001), "closed", "the old run is over");
  circuit.heard(failed(1), FEW, 16_000);
  assert.equal(circuit.state(21_000), "half_open");
});

test("what ends while it is open was begun before and changes nothing", () => {
  const circuit = opened();
  circuit.heard(SUCCEEDED, FEW, 1_000);
  circuit.heard(failed(9), FEW, 2_000);
  assert.deepEqual([circuit.state(4_999), circuit.state(5_000)], ["open", "half_open"]);
});

test("the failures that opened it do not open it again after a success, newer ones do", () => {
  const half = { ...FEW, calls: 20, errorShare: 0.5 };
  const circuit = new Circuit();
  circuit.heard(NOTHING, half, 0);
  circuit.heard(SUCCEEDED, half, 5_100);
  circuit.heard(NOTHING, half, 9_000);
  assert.equal(circuit.state(9_000), "closed");
  circuit.heard(NOTHING, half, 16_100);
  assert.equal(circuit.state(16_100), "open");
});

test("silence does not close it", () => {
  const circuit = opened();
  circuit.heard(NOTHING, FEW, 20_000);
  assert.equal(circuit.state(3_600_000), "half_open");
});

test("a provider that asks to be left alone is left alone, for half a minute at most, and its circuit stays closed", () => {
  const circuit = new Circuit();
  circuit.leaveAlone(120_000, 1_000);
  circuit.leaveAlone(500, 2_000);
  assert.equal(circuit.state(1_000), "closed");
  assert.deepEqual(
    [1_000, 30_999, 31_000].map((ms) => circuit.leftAloneMs(ms)),
    [30_000, 1, 0],
  );
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 4_000 }),
    news: fc.record({ hasSucceeded: fc.boolean(), failures: fc.nat(3) }),
    sum: fc.record({ calls: fc.nat(30), errorShare: share, failingShare: share.map((value) => () => value) }),
    asks: fc.nat(5),
  }),
  { maxLength: 80 },
);

test("routers that hear the same agree, whatever their clocks say and whoever of them probes", () => {
  fc.assert(
    fc.property(steps, fc.nat(1_000_000), (heard, offsetMs) => {
      const [one, two] = [new Circuit(), new Circuit()];
      let nowMs = 0;
      for (const { afterMs, news, sum, asks } of heard) {
        nowMs += afterMs;
        one.heard(news, sum, nowMs);
        two.heard(news, sum, nowMs + offsetMs);
        for (let ask = 0; ask < asks; ask += 1) one.admits(nowMs);
        assert.equal(one.state(nowMs), two.state(nowMs + offsetMs));
      }
    }),
    { seed: 3 },
  );
});

test("in no second there are two probes, and none while it is open", () => {
  fc.assert(
    fc.property(steps, (heard) => {
      const circuit = new Circuit();
      let [nowMs, probedMs] = [0, Number.NEGATIVE_INFINITY];
      for (const { afterMs, news, sum, asks } of heard) {
        circuit.heard(news, sum, nowMs);
        for (let ask = 0; ask <= asks; ask += 1) {
          const state = circuit.state(nowMs);
          const isAdmitted = circuit.admits(nowMs);
          if (state !== "half_open") assert.equal(isAdmitted, state === "closed");
          else if (isAdmitted) {
            assert.ok(nowMs - probedMs >= 1_000);
            probedMs = nowMs;
          }
          nowMs += Math.floor(afterMs / (asks + 1));
        }
      }
    }),
    { seed: 3 },
  );
});

test("whatever was heard before, it is closed 20 s and one success after the last failure", () => {
  fc.assert(
    fc.property(steps, (heard) => {
      const circuit = new Circuit();
      let nowMs = 0;
      for (const { afterMs, news, sum } of heard) {
        nowMs += afterMs;
        circuit.heard(news, sum, nowMs);
      }
      nowMs += 20_000;
      assert.ok(circuit.admits(nowMs), "a request may go there");
      circuit.heard(SUCCEEDED, FEW, nowMs);
      assert.equal(circuit.state(nowMs), "closed");
    }),
    { seed: 3 },
  );
});
