// SIGTERM drains: no stream is cut within the drain limit; past it a stream ends with an error event and is booked; no record
// is lost.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import type { ServiceName } from "@waybill/wire";
import { ask, readStream, type StreamEnd } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { startLoad } from "../stack/load.ts";
import { seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack();
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

/** Streams that have begun and will last about `ms`. */
async function runningStreams(count: number, ms: number): Promise<Promise<StreamEnd>[]> {
  attempts += count;
  let begun = 0;
  const script = { chunks: 40, outputTokens: 40, inputTokens: 5, gapMs: ms / 40 };
  const reads = Array.from({ length: count }, async () => {
    let isBegun = false;
    return readStream(await ask(stack, { stream: true, script }), () => {
      if (!isBegun) begun += 1;
      isBegun = true;
    });
  });
  await eventually(() => begun === count, { reason: "all streams have begun" });
  return reads;
}

describe("SIGTERM", () => {
  for (const name of ["ingress", "worker", "router", "budget", "ledger"] satisfies ServiceName[]) {
    it(`of ${name}: running streams finish and everything is booked`, async () => {
      const reads = await runningStreams(4, 1_500);
      const [old] = stack.of(name);
      assert.ok(old);
      const code = await old.terminate();
      assert.equal(code, 0, `exit code, log ${old.logFile}`);
      for (const end of await Promise.all(reads)) {
        assert.equal(end.errorCode, undefined);
        assert.equal(end.done, true);
      }
      await stack.start(name, { inPlaceOf: old });
      await booksAreRight(stack, { attempts });
    });
  }

  it("past the drain limit a stream ends with an error event and is booked with what was delivered", async () => {
    const [old] = stack.of("ingress");
    assert.ok(old);
    await old.terminate();
    const hasty = await stack.start("ingress", { inPlaceOf: old, env: { WAYBILL_DRAIN_LIMIT_MS: "300" } });
    const reads = await runningStreams(3, 20_000);
    await hasty.terminate();
    for (const end of await Promise.all(reads)) {
      assert.equal(end.done, false);
      assert.equal(end.errorCode, "draining");
    }
    await stack.start("ingress", { inPlaceOf: hasty });
    const booked = await booksAreRight(stack, { attempts });
    assert.equal(booked.filter(({ outcome }) => outcome === "partial").length, 3);
  });
});

describe("SIGTERM under load, with a second replica", () => {
  const DRAIN_LIMIT_MS = 60_000;
  /** A drain that waits for something that never comes would take the whole limit. */
  const ENDED_WELL_INSIDE_MS = 10_000;
  let busy: TestStack;
  let complete = 0;
  before(async () => {
    // Short grants: asks for credit, journals and closings are under way at any moment.
    busy = await startStack({
      replicas: { router: 2, budget: 2 },
      env: {
        all: { WAYBILL_DRAIN_LIMIT_MS: String(DRAIN_LIMIT_MS) },
        router: { WAYBILL_GRANT_LIFE_MS: "1000" },
      },
    });
  });
  after(async () => {
    await busy[Symbol.asyncDispose]();
  });

  for (const name of ["budget", "router"] satisfies ServiceName[]) {
    it(`of ${name}: it ends soon with exit code 0, nobody is refused and the books are right`, async () => {
      const load = startLoad(busy, { random: seededRandom(1), concurrency: 12 });
      const served = async (count: number): Promise<void> => {
        const wanted = load.complete + count;
        await eventually(() => load.complete > wanted, { timeoutMs: 20_000, reason: `${count} more are served` });
      };
      try {
        await served(50);
        // Both, one after the other: whichever the callers are connected to is drained under their load.
        for (const old of busy.of(name)) {
          const startedAtMs = performance.now();
          assert.equal(await old.terminate(), 0, `exit code, log ${old.logFile}`);
          const tookMs = performance.now() - startedAtMs;
          assert.ok(tookMs < ENDED_WELL_INSIDE_MS, `it took ${tookMs} ms, log ${old.logFile}`);
          await busy.start(name, { inPlaceOf: old });
          await served(50);
        }
      } finally {
        await load.stop();
      }
      const result = await load.stop();
      assert.deepEqual(result.holes, []);
      assert.equal(result.broken, 0, "no running stream is cut");
      assert.deepEqual([...result.refused], [], "the other replica serves meanwhile");
      complete += result.complete;
      await booksAreRight(busy, { attempts: complete });
    });
  }
});
