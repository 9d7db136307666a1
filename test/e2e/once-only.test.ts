// Idempotency-Key: one provider call, one answer, whoever asks again, at whichever ingress, even when the one that carried it dies.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { eventually } from "@waybill/testing";
import { type AskOptions, ask } from "../stack/ask.ts";
import { bookedAttempts } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** An ingress that was silent for this long is taken for gone. */
const SILENT_MS = 10_000;
/** Two processes hear the same sign of life at about the same time. */
const HEARD_APART_MS = 250;

let stack: TestStack;
let listening: NatsConnection;
/** When each ingress gave its last sign of life, by its subject. */
const aliveAtMs = new Map<string, number>();
before(async () => {
  stack = await startStack({ replicas: { ingress: 2 } });
  const operator = stack.nats.credentials("operator");
  listening = await connectBus({ url: stack.nats.url, ...operator, service: "worker", name: "test" });
  listening.subscribe("waybill.alive.>", { callback: (_, { subject }) => void aliveAtMs.set(subject, Date.now()) });
  await listening.flush();
});
after(async () => {
  await listening.close();
  await stack[Symbol.asyncDispose]();
});

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

  it("gives an answer again whose ingress was killed once it had finished it", async () => {
    const key = randomUUID();
    const once = await askAt(second, key, { stream: true });
    const text = await once.text();
    assert.match(text, /data: \[DONE\]\n\n$/);
    const [victim] = stack.of("ingress").slice(-1);
    await victim?.kill9();
    const before = await calls();
    const again = await askAt(first, key, { stream: true });
    assert.deepEqual([await again.text(), idOf(again)], [text, idOf(once)]);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.equal(await calls(), before);
    await stack.start("ingress", { inPlaceOf: victim ?? assert.fail() });
  });

  it("goes on with the next attempt of the same request once the ingress that carried it was silent for ten seconds", async () => {
    const key = randomUUID();
    const [victim] = stack.of("ingress").slice(-1);
    const slow = { latencyMs: 60_000 };
    stack.provider.setForModel("scripted-1", slow);
    const before = await calls();
    const lost = askAt(second, key).catch(() => undefined);
    await eventually(async () => (await calls()) > before, { reason: "the provider is asked" });
    aliveAtMs.clear();
    await eventually(() => aliveAtMs.size === 2, { reason: "both ingresses give a sign of life" });
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
    const [aborted, taken, ...more] = stack.provider.log.forRequest(id);
    assert.ok(aborted && taken && more.length === 0, "the provider was asked twice");
    const silentMs = taken.receivedAtMs - Math.min(...aliveAtMs.values());
    assert.ok(silentMs >= SILENT_MS - HEARD_APART_MS, `taken over after ${silentMs} ms of silence`);
    assert.deepEqual([aborted.end, taken.end], ["client_aborted", "completed"]);
    assert.ok(
      (aborted.endedAtMs ?? Number.NaN) < taken.receivedAtMs,
      "the first call had ended before the second began",
    );
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
    const [entry] = await stack.sql<{ posted_at: Date; error_code: string }>(
      "SELECT posted_at, error_code FROM ledger.entry WHERE request_id = $1 AND attempt = 1",
      [id],
    );
    const bookedAtMs = entry?.posted_at.getTime() ?? Number.NaN;
    assert.ok(
      bookedAtMs < taken.receivedAtMs,
      `the first attempt was booked ${taken.receivedAtMs - bookedAtMs} ms before`,
    );
    console.log(
      "MARGIN",
      silentMs,
      taken.receivedAtMs - bookedAtMs,
      taken.receivedAtMs - (aborted.endedAtMs ?? 0),
      entry,
      aliveAtMs.size,
    );
    assert.equal(await (await askAt(first, key)).text(), await answer.text());
  });
});
