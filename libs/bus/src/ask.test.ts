// Questions and durable publishes on a real nats-server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestNats, type TestNats } from "@waybill/testing";
import { ask } from "./ask.ts";
import { connectBus, type NatsConnection } from "./connect.ts";
import { declareStream } from "./declare.ts";
import { Publisher } from "./publish.ts";

let nats: TestNats;
let nc: NatsConnection;

before(async () => {
  nats = await startTestNats();
  const { user, password } = nats.credentials("operator");
  nc = await connectBus({ url: nats.url, user, password, service: "worker", name: "ask test" });
});

after(async () => {
  await nc.close();
  await nats.stop();
});

const text = (data: Uint8Array): string => Buffer.from(data).toString();

test("each question gets its own answer, however many are open", async () => {
  const held: (() => void)[] = [];
  nc.subscribe("echo", { callback: (_error, message) => void held.push(() => message.respond(message.data)) });
  const questions = Array.from({ length: 500 }, (_, index) =>
    ask(nc, "echo", Buffer.from(String(index)), { timeoutMs: 5_000 }),
  );
  await nc.flush();
  while (held.length < 500) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const answer of held.reverse()) answer();
  const answers = await Promise.all(questions);
  assert.deepEqual(
    answers.map((answer) => answer.kind === "answered" && text(answer.message.data)),
    answers.map((_, index) => String(index)),
  );
});

test("nobody is told at once; silence is told in time; a late answer finds nobody waiting", async () => {
  assert.deepEqual(await ask(nc, "void", Buffer.alloc(0), { timeoutMs: 5_000 }), { kind: "nobody" });
  let answerLate = (): void => {};
  nc.subscribe("slow", {
    callback: (_error, message) => {
      answerLate = () => message.respond("x");
    },
  });
  const askedAtMs = performance.now();
  assert.deepEqual(await ask(nc, "slow", Buffer.alloc(0), { timeoutMs: 100 }), { kind: "late" });
  assert.ok(performance.now() - askedAtMs >= 100);
  answerLate();
  await nc.flush();
});

test("a publish is stored once under its id, refused when full, unknown without a stream", async () => {
  const publisher = new Publisher(nc);
  const message = { subject: "kept.a", data: Buffer.from("x"), id: "1", timeoutMs: 2_000 };
  assert.equal((await publisher.publish(message)).kind, "unknown");
  await declareStream(nc, {
    name: "KEPT",
    subjects: ["kept.>"],
    retention: "limits",
    storage: "memory",
    maxAgeMs: 60_000,
    maxBytes: 1_000_000,
    maxMessagesPerSubject: 1,
    discard: "new",
    duplicateWindowMs: 60_000,
    why: "test",
  });
  assert.deepEqual(await publisher.publish(message), { kind: "stored", sequence: 1, duplicate: false });
  assert.deepEqual(await publisher.publish(message), { kind: "stored", sequence: 1, duplicate: true });
  assert.deepEqual(await publisher.publish({ ...message, id: "2" }), { kind: "full" });
});

test("a closed connection answers nothing and throws nothing", async () => {
  const { user, password } = nats.credentials("operator");
  const closed = await connectBus({ url: nats.url, user, password, service: "worker", name: "closed" });
  await closed.close();
  assert.deepEqual(await ask(closed, "echo", Buffer.alloc(0), { timeoutMs: 100 }), { kind: "late" });
});
