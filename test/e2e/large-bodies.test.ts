// Bodies over 64 KiB travel by reference: the worker asks for them piece by piece, and other requests do not wait for it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { eventually } from "@waybill/testing";
import { Waybill } from "@waybill/wire";
import { ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What a waybill may carry of a body, and what all the rest of the message may add to it. */
const BODY_IN_WAYBILL_MAX = 64 * KIB;
const ENVELOPE_MAX = 2 * KIB;
/** What an ingress accepts when nobody has set anything else. */
const BODY_MAX = 32 * MIB;

let stack: TestStack;
let watching: NatsConnection;
let attempts = 0;
/** Every waybill that was published, by attempt: the size of its body, of what it carries of it, and of the message. */
const waybills = new Map<string, { bodyBytes: number; carriedBytes: number; messageBytes: number }>();
before(async () => {
  stack = await startStack();
  await stack.sql("UPDATE budget.budget SET limit_pico_usd = 100000000000000000 WHERE team_id = 'support'");
  // Only the operator may listen there: services are told no more than they need.
  const operator = stack.nats.credentials("operator");
  watching = await connectBus({ url: stack.nats.url, ...operator, service: "worker", name: "test" });
  watching.subscribe("waybill.work.>", {
    callback(error, message) {
      assert.ifError(error);
      const { attemptId, bodyBytes, body } = Waybill.decode(message.data);
      const messageBytes = message.data.length + (message.headers?.toString().length ?? 0);
      waybills.set(attemptId, { bodyBytes, carriedBytes: body.length, messageBytes });
    },
  });
  await watching.flush();
});
after(async () => {
  await watching.close();
  await stack[Symbol.asyncDispose]();
});

const prompt = (bytes: number): string => "lorem ipsum ".repeat(Math.ceil(bytes / 12)).slice(0, bytes);

/** A whole body of exactly so many bytes. */
function bodyOf(bytes: number): Buffer {
  const body = (content: string) =>
    Buffer.from(JSON.stringify({ model: "scripted/scripted-1", messages: [{ role: "user", content }], max_tokens: 5 }));
  return body(prompt(bytes - body("").length));
}

function post(body: Buffer): Promise<Response> {
  const headers = { authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json" };
  return fetch(`${stack.url}/v1/chat/completions`, { method: "POST", headers, body });
}

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

  it("10 MiB prompts delay others by no seconds", async () => {
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
    const tookMs = performance.now() - startedAtMs;
    attempts += big.length;
    // Behind a loop that the big ones block, a small one would wait for most of their time. Measured against that time,
    // because how long anything takes is the machine's business.
    const p90Ms = latencies.toSorted((one, other) => one - other)[Math.floor(latencies.length * 0.9)] ?? 0;
    const said = `${latencies.length} small requests, p90 ${p90Ms.toFixed(0)} ms, beside large ones of ${tookMs.toFixed(0)} ms`;
    assert.ok(latencies.length >= 5 && p90Ms * 2 < tookMs, said);
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

  it("a body of exactly 32 MiB is served, and one byte more is answered 413 body_too_large, with nothing set", async () => {
    const largest = bodyOf(BODY_MAX);
    assert.equal(largest.length, BODY_MAX);
    const served = await post(largest);
    attempts += 1;
    assert.equal(served.status, 200, await served.clone().text());
    const calls = stack.provider.log.entries().length;

    const refused = await post(bodyOf(BODY_MAX + 1));
    assert.equal(refused.status, 413);
    assert.match(refused.headers.get("content-type") ?? "", /^application\/json/);
    assert.match(refused.headers.get("x-request-id") ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(await refused.json(), {
      error: {
        message: "The request body is too large.",
        type: "invalid_request_error",
        param: null,
        code: "body_too_large",
      },
    });
    assert.equal(stack.provider.log.entries().length, calls, "the provider was not called");
    await booksAreRight(stack, { attempts });
  });

  it("a waybill carries bodies of up to 64 KiB whole and nothing of larger ones, and hardly anything beside them", async () => {
    const border: Record<number, number> = {};
    for (const bytes of [BODY_IN_WAYBILL_MAX, BODY_IN_WAYBILL_MAX + 1]) {
      assert.equal((await post(bodyOf(bytes))).status, 200);
      border[bytes] = bytes <= BODY_IN_WAYBILL_MAX ? bytes : 0;
    }
    attempts += 2;
    await eventually(() => waybills.size === attempts, { reason: `${attempts} waybills were seen` });
    const all = [...waybills.values()];
    assert.deepEqual(
      Object.fromEntries(
        all
          .filter(({ bodyBytes }) => bodyBytes in border)
          .map(({ bodyBytes, carriedBytes }) => [bodyBytes, carriedBytes]),
      ),
      border,
    );
    for (const { bodyBytes, carriedBytes, messageBytes } of all) {
      assert.equal(carriedBytes, bodyBytes <= BODY_IN_WAYBILL_MAX ? bodyBytes : 0);
      assert.ok(messageBytes <= carriedBytes + ENVELOPE_MAX, `${messageBytes} bytes with ${carriedBytes} of body`);
    }
    assert.equal(Math.max(...all.map(({ bodyBytes }) => bodyBytes)), BODY_MAX, "the largest body was among them");
  });
});
