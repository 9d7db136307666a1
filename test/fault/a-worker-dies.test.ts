// kill -9 of a worker before the call, in the middle of it, after usage, and before the ack: exactly one record counts per
// attempt, no call is made twice, and no truncated answer looks complete.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ask, readStream } from "../stack/ask.ts";
import { type BookedAttempt, booksAreRight } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import { faultSeeds, seededRandom } from "../stack/seeds.ts";
import type { ServiceProcess } from "../stack/service-process.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Real: 30 s and 5 s. */
const SCALED = { WAYBILL_ACK_WAIT_MS: "3000" };

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack({
    env: { worker: SCALED, ingress: { WAYBILL_WORKER_SILENT_MS: "1500" } },
    replicas: { worker: 0 },
  });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

/** One request to the only worker, which dies at `failpoint`; then a healthy worker takes over. */
async function withDyingWorker(
  failpoint: string,
  request: (dying: ServiceProcess) => Promise<string>,
): Promise<BookedAttempt[]> {
  const dying = await stack.start("worker", { env: { WAYBILL_FAILPOINT: failpoint } });
  try {
    const [requestId] = await Promise.all([request(dying), dying.ended.then(() => stack.start("worker"))]);
    const booked = await booksAreRight(stack, { attempts, timeoutMs: 25_000 });
    await assertBooksAgree(stack, { name: `a worker died ${failpoint}` });
    return booked.filter(({ attempt_id }) => attempt_id.startsWith(requestId));
  } finally {
    // The next scenario's worker must be alone again.
    for (const worker of stack.of("worker")) await worker.kill9();
  }
}

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  const script = {
    inputTokens: random.between(5, 500),
    outputTokens: random.between(8, 60),
    chunks: random.between(4, 8),
    gapMs: random.between(5, 40),
  };
  describe(`a worker dies (seed ${seed})`, () => {
    it("before the call: the fallback answers, the lost attempt is booked as unknown, and it was never called", async () => {
      attempts += 2;
      const calls = stack.provider.log.entries().length;
      const booked = await withDyingWorker("before_call", async () => {
        const end = await readStream(await ask(stack, { model: "dynamic/support", stream: true, script }));
        assert.equal(end.errorCode, undefined);
        assert.equal(end.done, true);
        return end.requestId;
      });
      assert.deepEqual(
        booked.map(({ outcome, source }) => `${outcome} by ${source}`),
        ["unknown by lost", "success by worker"],
      );
      assert.equal(booked[0]?.token_source, "worst_case", "a hard budget books the whole hold");
      assert.equal(stack.provider.log.entries().length, calls + 1);
    });

    it("mid-call: the stream ends with an error, never with a clean end, and the attempt is booked once", async () => {
      attempts += 1;
      const booked = await withDyingWorker("mid_call", async () => {
        const end = await readStream(await ask(stack, { model: "dynamic/support", stream: true, script }));
        assert.equal(end.done, false);
        assert.equal(end.errorCode, "worker_lost");
        assert.ok(end.text.length > 0);
        return end.requestId;
      });
      assert.deepEqual(
        booked.map(({ outcome, source }) => `${outcome} by ${source}`),
        ["unknown by lost"],
      );
    });

    it("after usage, before publishing: the answer was whole and is booked at its exact cost", async () => {
      attempts += 1;
      const booked = await withDyingWorker("after_usage_before_publish~300", async () => {
        const end = await readStream(await ask(stack, { stream: true, script }));
        assert.equal(end.done, true);
        return end.requestId;
      });
      assert.equal(booked.length, 1);
      assert.equal(booked[0]?.output_tokens, BigInt(script.outputTokens));
      assert.equal(Number(booked[0]?.cost_usd), (script.inputTokens + 4 * script.outputTokens) / 1e6);
    });

    it("after publishing, before the ack: redelivery adds nothing", async () => {
      attempts += 1;
      const calls = stack.provider.log.entries().length;
      const booked = await withDyingWorker("after_publish_before_ack", async () => {
        const end = await readStream(await ask(stack, { stream: true, script }));
        assert.equal(end.done, true);
        return end.requestId;
      });
      assert.deepEqual(
        booked.map(({ outcome, source }) => `${outcome} by ${source}`),
        ["success by worker"],
      );
      assert.equal(stack.provider.log.entries().length, calls + 1);
    });
  });
}
