// SIGTERM drains: no stream is cut within the drain limit; past it a stream ends with an error event and is booked; no record
// is lost.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import type { ServiceName } from "@waybill/wire";
import { ask, readStream, type StreamEnd } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
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
