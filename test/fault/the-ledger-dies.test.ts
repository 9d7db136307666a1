// kill -9 of the ledger before the insert and after the commit: no record twice, none lost, requests unaffected.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ask } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import { faultSeeds, seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let attempts = 0;
before(async () => {
  // Real: 30 s.
  stack = await startStack({ replicas: { ledger: 0 }, env: { ledger: { WAYBILL_LEDGER_ACK_WAIT_MS: "3000" } } });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  describe(`the ledger dies (seed ${seed})`, () => {
    for (const failpoint of ["before_insert", "after_commit_before_ack"]) {
      it(`${failpoint}: every attempt is booked once`, async () => {
        const dying = await stack.start("ledger", {
          env: { WAYBILL_FAILPOINT: `${failpoint}:${random.between(1, 2)}` },
        });
        // Until it is dead, so that the failpoint is met whatever the batches are.
        let sent = 0;
        while (dying.isRunning && sent < 200) {
          const response = await ask(stack, { script: { inputTokens: random.between(1, 99), outputTokens: 3 } });
          assert.equal(response.status, 200, "requests do not notice");
          sent += 1;
        }
        await dying.ended;
        attempts += sent;
        const healthy = await stack.start("ledger");
        await booksAreRight(stack, { attempts, timeoutMs: 45_000 });
        await assertBooksAgree(stack, { name: `the ledger died ${failpoint}` });
        await healthy.terminate();
      });
    }
  });
}
