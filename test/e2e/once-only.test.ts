// Idempotency-Key: one provider call, one answer, whoever asks again, at whichever ingress, even when the one that carried it dies.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { type AskOptions, ask } from "../stack/ask.ts";
import { bookedAttempts } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
before(async () => {
  stack = await startStack({ replicas: { ingress: 2 } });
});
after(() => stack[Symbol.asyncDispose]());

const [first, second] = [0, 1];
const askAt = (ingress: number, key: string, options: AskOptions = {}) =>
  ask(stack, { ...options, url: stack.urls[ingress] ?? "", headers: { "idempotency-key": key, ...options.headers } });
const calls = async () => (await stack.provider.log.summary()).calls;
const idOf = (answer: Response) => answer.headers.get("x-request-id") ?? "";

describe("an Idempotency-Key", () => {
  for (const stream of [false, true]) {
    it(`gives the same ${stream ? "stream" : "answer"} again at another ingress, to the byte, and asks the provider once`, async () => {
      const [key, before] = [randomUUID(), await calls()];
      const once = await askAt(first, key, { stream });
      const text = await once.text();
      const again = await askAt(second, key, { stream });
      assert.equal(await again.text(), text);
      assert.deepEqual([once.status, again.status, idOf(again)], [200, 200, idOf(once)]);
      assert.equal(again.headers.get("content-type"), once.headers.get("content-type"));
      assert.equal(again.headers.get("x-waybill-cost-usd"), once.headers.get("x-waybill-cost-usd"));
      assert.deepEqual(
        [once.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")],
        [null, "true"],
      );
      assert.equal((await calls()) - before, 1);
    });
  }

  it("of twenty requests at once on two ingresses lets one through; the others are told to come back, and then get its answer", async () => {
    const [key, before] = [randomUUID(), await calls()];
    const script = { latencyMs: 500 };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => askAt(n % 2, key, { script })));
    const statuses = answers.map(({ status }) => status);
    assert.deepEqual(
      [statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 409).length],
      [1, 19],
    );
    const refused = answers.find(({ status }) => status === 409) ?? assert.fail();
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, "idempotency_in_progress");
    assert.equal((await askAt(second, key, { script })).status, 200);
    assert.equal((await calls()) - before, 1);
  });

  it("refuses another body under the same key, and takes the same body under another key, or of another virtual key, as new", async () => {
    const [key, before] = [randomUUID(), await calls()];
    await (await askAt(first, key)).text();
    const other = await askAt(second, key, { fields: { temperature: 0 } });
    assert.equal(other.status, 422);
    assert.equal(((await other.json()) as { error: { code: string } }).error.code, "idempotency_key_reused");
    assert.equal((await askAt(first, randomUUID())).status, 200);
    assert.equal((await askAt(first, key, { key: stack.keys.support_2 })).status, 200);
    assert.equal((await calls()) - before, 3);
  });

  it("is given back when there is no answer: a failed or a cut request may be tried again", async () => {
    const key = randomUUID();
    const script = [
      { fault: { kind: "status", status: 500 } },
      { chunks: 4, fault: { kind: "cut_after", chunk: 2 } },
      {},
    ] as const;
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      stack.provider.setForModel("scripted-1", script[n] ?? {});
      const answer = await askAt(n % 2, key, { stream: true });
      statuses.push(answer.status);
      const text = await answer.text();
      assert.equal(text.includes("[DONE]"), n === 2);
    }
    stack.provider.setForModel("scripted-1", {});
    assert.deepEqual(statuses, [502, 200, 200]);
  });

  it("refuses a key that is none", async () => {
    const answer = await askAt(first, "x".repeat(256));
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { error: { param: string } }).error.param, "idempotency-key");
  });

  it("goes on with the next attempt of the same request once the ingress that carried it was silent for ten seconds", async () => {
    const key = randomUUID();
    const [victim] = stack.of("ingress").slice(-1);
    const slow = { latencyMs: 60_000 };
    stack.provider.setForModel("scripted-1", slow);
    const before = await calls();
    const lost = askAt(second, key).catch(() => undefined);
    await eventually(async () => (await calls()) > before, { reason: "the provider is asked" });
    await victim?.kill9();
    await lost;
    const refused = await askAt(first, key);
    assert.equal(refused.status, 409);
    stack.provider.setForModel("scripted-1", {});
    const answer = await eventually(
      async () => {
        const tried = await askAt(first, key);
        return tried.status === 409 ? undefined : tried;
      },
      { reason: "the key is taken over", timeoutMs: 30_000, intervalMs: 500 },
    );
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-waybill-attempts"), "2");
    const id = idOf(answer);
    const attempts = await eventually(
      async () => {
        const found = (await bookedAttempts(stack)).filter(({ attempt_id }) => attempt_id.startsWith(`${id}.`));
        return found.length === 2 ? found : undefined;
      },
      { reason: "both attempts are booked", timeoutMs: 20_000 },
    );
    assert.deepEqual(
      attempts.map(({ attempt_id }) => attempt_id),
      [`${id}.1`, `${id}.2`],
    );
    assert.equal(await (await askAt(first, key)).text(), await answer.text());
  });
});
