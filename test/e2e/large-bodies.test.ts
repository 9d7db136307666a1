// Bodies over 64 KiB travel by reference: the worker asks for them piece by piece, and other requests do not wait for it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack();
  await stack.sql("UPDATE budget.budget SET limit_pico_usd = 100000000000000000 WHERE team_id = 'support'");
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

const prompt = (bytes: number): string => "lorem ipsum ".repeat(Math.ceil(bytes / 12)).slice(0, bytes);

describe("large bodies", () => {
  for (const kilobytes of [60, 70, 500, 10_240]) {
    it(`a prompt of ${kilobytes} KB arrives byte for byte, but for what the gateway patches`, async () => {
      attempts += 1;
      const content = prompt(kilobytes * 1024);
      const response = await ask(stack, {
        fields: { messages: [{ role: "user", content }], max_tokens: 5 },
        script: { inputTokens: 100, outputTokens: 5 },
      });
      assert.equal(response.status, 200, await response.clone().text());
      const call = stack.provider.log.entries().at(-1);
      // What the provider must have received: the same fields, the model by its upstream name.
      const expected = JSON.stringify({
        model: "scripted-1",
        messages: [{ role: "user", content }],
        stream: false,
        x_script: { inputTokens: 100, outputTokens: 5 },
        max_tokens: 5,
      });
      assert.equal(call?.bodyBytes, Buffer.byteLength(expected));
      assert.equal(call?.bodySha256, createHash("sha256").update(expected).digest("hex"));
    });
  }

  it("no message on the bus is larger than 64 KiB of body, and 10 MiB prompts delay others by no seconds", async () => {
    const big = Array.from({ length: 4 }, () =>
      ask(stack, { fields: { messages: [{ role: "user", content: prompt(10 * 1024 * 1024) }], max_tokens: 5 } }),
    );
    const startedAtMs = performance.now();
    const latencies: number[] = [];
    let bigDone = false;
    const all = Promise.all(big).then((responses) => {
      bigDone = true;
      return responses;
    });
    while (!bigDone && performance.now() - startedAtMs < 30_000) {
      const sentAtMs = performance.now();
      assert.equal((await ask(stack, {})).status, 200);
      latencies.push(performance.now() - sentAtMs);
      attempts += 1;
    }
    for (const response of await all) assert.equal(response.status, 200);
    attempts += big.length;
    const worstMs = Math.max(...latencies);
    assert.ok(worstMs < 2_000, `a small request waited ${worstMs.toFixed(0)} ms`);
    await booksAreRight(stack, { attempts });
  });

  it("a large body falls back and streams like a small one", async () => {
    attempts += 2;
    stack.provider.setForModel("scripted-1", { fault: { kind: "status", status: 503 } });
    const end = await readStream(
      await ask(stack, {
        model: "dynamic/support",
        stream: true,
        fields: { messages: [{ role: "user", content: prompt(200_000) }], max_tokens: 5 },
      }),
    );
    stack.provider.reset();
    assert.equal(end.done, true);
    assert.equal(end.errorCode, undefined);
  });
});
