// An outage of a provider as routers and workers live through it: requests of three routers, calls of four workers, heartbeats.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Heartbeat, LiveModels } from "./live-models.ts";

const ID = "sim/a";
const ROUTERS = 3;
const WORKERS = 4;
const STEP_MS = 20;

/** Counts as workers do: the last ten seconds, and the run of failures. */
class PlayedWorker {
  readonly #id: string;
  readonly #calls: { atMs: number; isFailure: boolean }[] = [];
  #failuresInARow = 0;
  hasNews = false;

  constructor(id: string) {
    this.#id = id;
  }

  call(isFailure: boolean, atMs: number): void {
    this.#calls.push({ atMs, isFailure });
    this.hasNews ||= isFailure ? this.#failuresInARow >= 4 : this.#failuresInARow >= 5;
    this.#failuresInARow = isFailure ? this.#failuresInARow + 1 : 0;
  }

  beat(nowMs: number): Heartbeat {
    const recent = this.#calls.filter(({ atMs }) => atMs > nowMs - 10_000);
    const failures = recent.filter(({ isFailure }) => isFailure).length;
    const counts = { calls: recent.length, failures, rateLimited: 0, failuresInARow: this.#failuresInARow };
    const rest = { firstTokenMsSum: 0n, firstTokens: 0, retryAfterMs: 0 };
    const model = { provider: "sim", model: "a" };
    this.hasNews = false;
    return { workerId: this.#id, models: [model], draining: false, targets: [{ ...model, ...counts, ...rest }] };
  }
}

interface Moment {
  nowMs: number;
  states: string[];
  /** Calls that the provider got in this step, by router. */
  calls: number[];
}

/** `random`: from 0 to 1; decides which worker takes a call. `isUp`: whether a call at this moment is answered. */
function* live(lengthMs: number, random: () => number, isUp: (nowMs: number) => boolean): Generator<Moment> {
  const workers = Array.from({ length: WORKERS }, (_, index) => new PlayedWorker(`w${index}`));
  // Each router's clock began at another moment.
  const routers = Array.from({ length: ROUTERS }, (_, index) => ({ models: new LiveModels(), bootMs: index * 12_345 }));
  for (let nowMs = 0; nowMs < lengthMs; nowMs += STEP_MS) {
    const calls = routers.map(({ models, bootMs }) => {
      if (!models.admits(ID, nowMs + bootMs)) return 0;
      workers[Math.floor(random() * WORKERS)]?.call(!isUp(nowMs), nowMs);
      return 1;
    });
    for (const [index, worker] of workers.entries()) {
      const isDue = nowMs % 1_000 === index * 240;
      const isEarly = worker.hasNews && nowMs % 200 === 0;
      if (!isDue && !isEarly) continue;
      const heartbeat = worker.beat(nowMs);
      for (const { models, bootMs } of routers) models.heard(heartbeat, nowMs + bootMs);
    }
    yield { nowMs, calls, states: routers.map(({ models, bootMs }) => models.health(ID, nowMs + bootMs).circuit) };
  }
}

/** Even draws from 0 to 1, by mulberry32: fast-check's own numbers come in clusters. */
function draw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("a provider that goes down is left alone within a second, tried seldom, and used again when it is back", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1_000, max: 100_000 }), (seed, outageMs) => {
      const [fromMs, untilMs] = [5_000, 5_000 + outageMs];
      const isUp = (nowMs: number): boolean => nowMs < fromMs || nowMs >= untilMs;
      const failures = Array.from({ length: ROUTERS }, () => 0);
      let closedMs = 0;
      for (const { nowMs, states, calls } of live(untilMs + 70_000, draw(seed), isUp)) {
        assert.equal(new Set(states).size, 1, `all routers agree at ${nowMs}: ${states}`);
        if (nowMs < fromMs) assert.equal(states[0], "closed");
        if (nowMs === fromMs + 980) assert.equal(states[0], "open");
        if (nowMs >= fromMs + 1_000 && !isUp(nowMs)) {
          for (const [index, count] of calls.entries()) failures[index] = (failures[index] ?? 0) + count;
        }
        if (closedMs === 0 && nowMs >= untilMs && states[0] === "closed") closedMs = nowMs;
      }
      // Half open at 5, 15, 35, 75 seconds and so on; a failed probe is heard within a second, when there may be a second one.
      const probesMax = 2 * Math.ceil(Math.log2(outageMs / 5_000 + 1) + 1);
      for (const count of failures) assert.ok(count <= probesMax, `${count} calls in ${outageMs} ms`);
      assert.ok(closedMs > 0 && closedMs - untilMs <= 62_000, `closed ${closedMs - untilMs} ms after the outage`);
    }),
    { seed: 3, numRuns: 20 },
  );
});

test("a provider that fails one call in ten stays in use", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = draw(seed);
      let failed = 0;
      const isUp = (): boolean => {
        failed += 1;
        return failed % 10 !== 0;
      };
      for (const { states } of live(60_000, random, isUp)) assert.deepEqual(new Set(states), new Set(["closed"]));
    }),
    { seed: 3, numRuns: 5 },
  );
});

test("a provider that fails two calls in three is left alone by its share", () => {
  const moments: string[] = [];
  let [count, worker] = [0, 0];
  const isUp = (): boolean => {
    count += 1;
    return count % 3 === 0;
  };
  const inTurn = (): number => {
    worker = (worker + 1) % WORKERS;
    return worker / WORKERS;
  };
  for (const { states } of live(4_000, inTurn, isUp)) moments.push(states[0] ?? "");
  assert.ok(moments.includes("open"));
});
