// kill -9 of an ingress mid-stream: workers stop its calls within seconds and book what was delivered; the other ingress
// does not notice.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import { faultSeeds, seededRandom } from "../stack/seeds.ts";
import type { ServiceProcess } from "../stack/service-process.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let attempts = 0;
/** Who listens at the first URL. */
let victim: ServiceProcess | undefined;
before(async () => {
  stack = await startStack({
    replicas: { ingress: 2 },
    // Real: 5 s and 30 s.
    env: { worker: { WAYBILL_INGRESS_SILENT_MS: "1500", WAYBILL_ACK_WAIT_MS: "3000" } },
  });
  [victim] = stack.of("ingress");
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  describe(`an ingress dies mid-stream (seed ${seed})`, () => {
    it("its calls are stopped and booked once; no answer with a hole", async () => {
      const [victimUrl, otherUrl] = stack.urls;
      assert.ok(victim && victimUrl && otherUrl);
      const script = { chunks: 400, outputTokens: 400, gapMs: random.between(10, 30), inputTokens: 7 };
      const streams = 5;
      attempts += streams + 1;
      let withText = 0;
      const read = Array.from({ length: streams }, async () => {
        let counted = false;
        return readStream(await ask(stack, { url: victimUrl, stream: true, script }), () => {
          if (!counted) withText += 1;
          counted = true;
        });
      });
      await eventually(() => withText === streams, { reason: "all streams have begun" });
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 300)));
      await victim.kill9();
      for (const end of await Promise.all(read)) assert.equal(end.done, false);
      assert.equal((await ask(stack, { url: otherUrl })).status, 200);
      const booked = await booksAreRight(stack, { attempts, timeoutMs: 20_000 });
      assert.equal(booked.filter(({ outcome }) => outcome === "partial").length % streams, 0);
      for (const call of stack.provider.log.entries()) assert.notEqual(call.end, "running");
      await assertBooksAgree(stack, { name: "an ingress died" });
      victim = await stack.start("ingress", { inPlaceOf: victim });
    });
  });
}
