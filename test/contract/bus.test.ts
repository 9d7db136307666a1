// What libs/bus promises, on a real nats-server: declare, publish durably, pull within room, survive the server's restart.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import {
  connectBus,
  declareConsumer,
  declareStream,
  type NatsConnection,
  Publisher,
  type PulledMessage,
  Puller,
  sightConsumer,
  sightStream,
} from "@waybill/bus";
import { eventually, startTestNats, type TestNats } from "@waybill/testing";
import { type ConsumerDeclaration, STREAMS, type StreamDeclaration } from "@waybill/wire";

let nats: TestNats;
let nc: NatsConnection;
before(async () => {
  nats = await startTestNats();
  nc = await connectBus({ url: nats.url, ...nats.credentials("operator"), service: "worker", name: "test" });
});
after(async () => {
  await nc.close();
  await nats.stop();
});

let count = 0;
let stream: StreamDeclaration;
let consumer: ConsumerDeclaration;
beforeEach(() => {
  count += 1;
  stream = { ...STREAMS.dead, name: `TEST${count}`, subjects: [`test.${count}.>`], maxBytes: 1_000_000 };
  consumer = {
    stream: stream.name,
    durable: "d",
    filterSubject: `test.${count}.>`,
    ackWaitMs: 1_000,
    maxAckPending: 1_000,
  };
});

async function publish(total: number, prefix = "m"): Promise<void> {
  const publisher = new Publisher(nc);
  for (let index = 0; index < total; index += 1) {
    const data = new TextEncoder().encode(`${prefix}${index}`);
    const outcome = await publisher.publish({
      subject: `test.${count}.a`,
      data,
      id: `${prefix}${index}`,
      timeoutMs: 5_000,
    });
    assert.equal(outcome.kind, "stored");
  }
}

/** A puller that keeps what it got; `roomMax` bounds what is not released. */
function pull(roomMax: number): { got: PulledMessage[]; gone: string[]; release(): void; puller: Puller } {
  const got: PulledMessage[] = [];
  const gone: string[] = [];
  let held = 0;
  const puller = new Puller({
    nc,
    service: "worker",
    stream: consumer.stream,
    durable: consumer.durable,
    room: () => roomMax - held,
    onMessage: (message) => {
      held += 1;
      got.push(message);
    },
    onGone: (reason) => void gone.push(reason),
  });
  const release = (): void => {
    held -= 1;
    puller.wake();
  };
  return { got, gone, release, puller };
}

const texts = (messages: readonly PulledMessage[]): string[] =>
  messages.map(({ data }) => new TextDecoder().decode(data));

test("declaring again changes nothing and tells the same creation time", async () => {
  const created = await declareStream(nc, stream);
  assert.equal(await declareStream(nc, stream), created);
  await declareConsumer(nc, consumer);
  await declareConsumer(nc, consumer);
  await publish(3);
  assert.equal(await declareStream(nc, stream), created);
  assert.equal((await sightStream(nc, stream.name))?.messages, 3);
});

test("a stream that an operator has changed is left as it is", async () => {
  const created = await declareStream(nc, stream);
  assert.equal(await declareStream(nc, { ...stream, maxBytes: 500_000 }), created);
});

test("the same id is stored once, and said to be a duplicate", async () => {
  await declareStream(nc, stream);
  const publisher = new Publisher(nc);
  const message = { subject: `test.${count}.a`, data: new Uint8Array([1]), id: "once", timeoutMs: 5_000 };
  const first = await publisher.publish(message);
  const second = await publisher.publish(message);
  assert.deepEqual(
    [first.kind === "stored" && first.duplicate, second.kind === "stored" && second.duplicate],
    [false, true],
  );
  assert.equal((await sightStream(nc, stream.name))?.messages, 1);
});

test("a stream without room says so and keeps what it has", async () => {
  stream = { ...stream, maxMessagesPerSubject: 2 };
  await declareStream(nc, stream);
  await publish(2);
  const publisher = new Publisher(nc);
  const message = { subject: `test.${count}.a`, data: new Uint8Array([1]), id: "third", timeoutMs: 5_000 };
  assert.deepEqual(await publisher.publish(message), { kind: "full" });
  assert.equal((await sightStream(nc, stream.name))?.messages, 2);
  assert.equal(
    (await publisher.publish({ ...message, subject: `test.${count}.b` })).kind,
    "stored",
    "the bound is per subject",
  );
});

test("a stream that is full by bytes refuses the new and keeps the old", async () => {
  stream = { ...stream, maxBytes: 20_000 };
  await declareStream(nc, stream);
  const publisher = new Publisher(nc);
  const kinds = new Set<string>();
  for (let index = 0; index < 40; index += 1) {
    const message = { subject: `test.${count}.a`, data: new Uint8Array(1_000), id: `b${index}`, timeoutMs: 5_000 };
    kinds.add((await publisher.publish(message)).kind);
  }
  assert.deepEqual([...kinds], ["stored", "full"]);
});

test("no stream behind a subject: unknown, never stored", async () => {
  const outcome = await new Publisher(nc).publish({
    subject: "nobody.listens",
    data: new Uint8Array(),
    id: "x",
    timeoutMs: 500,
  });
  assert.equal(outcome.kind, "unknown");
});

test("a puller never takes more than it has room for, and takes the rest when room comes", async () => {
  await declareStream(nc, stream);
  await declareConsumer(nc, { ...consumer, ackWaitMs: 60_000 });
  await publish(10);
  const { got, release, puller } = pull(3);
  await eventually(() => got.length === 3, { reason: "three arrive" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(got.length, 3);
  assert.equal((await sightConsumer(nc, stream.name, "d")).pending, 7);
  let finished = 0;
  while (finished < 10) {
    await eventually(() => got.length > finished, { reason: "the next arrives" });
    got[finished]?.ack();
    finished += 1;
    assert.ok(got.length - finished < 3, "never more than the room");
    release();
  }
  assert.deepEqual(
    texts(got),
    Array.from({ length: 10 }, (_, index) => `m${index}`),
  );
  puller.stop();
  await eventually(async () => (await sightConsumer(nc, stream.name, "d")).unacknowledged === 0, {
    reason: "all acked",
  });
});

test("what is not acknowledged comes again and says how often; what is acknowledged does not", async () => {
  await declareStream(nc, stream);
  await declareConsumer(nc, consumer);
  await publish(2);
  const { got, puller } = pull(10);
  await eventually(() => got.length === 2, { reason: "both arrive" });
  got[0]?.ack();
  await eventually(() => got.length === 3, { reason: "one comes again" });
  assert.deepEqual(texts(got), ["m0", "m1", "m1"]);
  assert.deepEqual(
    got.map(({ deliveryCount }) => deliveryCount),
    [1, 1, 2],
  );
  got[2]?.terminate();
  puller.stop();
});

test("who says it is working keeps its message; who gives it back has it again later", async () => {
  await declareStream(nc, stream);
  await declareConsumer(nc, consumer);
  await publish(1);
  const { got, puller } = pull(10);
  await eventually(() => got.length === 1, { reason: "it arrives" });
  for (let told = 0; told < 8; told += 1) {
    got[0]?.working();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  assert.equal(got.length, 1, "twice the ack wait has passed");
  got[0]?.nak(50);
  await eventually(() => got.length === 2, { reason: "it comes again" });
  got[1]?.ack();
  puller.stop();
});

test("two pullers share a durable: each message goes to one of them", async () => {
  await declareStream(nc, stream);
  await declareConsumer(nc, { ...consumer, ackWaitMs: 60_000 });
  const one = pull(50);
  const two = pull(50);
  await publish(60);
  await eventually(() => one.got.length + two.got.length === 60, { reason: "all arrive" });
  assert.equal(new Set(texts([...one.got, ...two.got])).size, 60);
  one.puller.stop();
  two.puller.stop();
});

test("a stopped puller takes nothing more", async () => {
  await declareStream(nc, stream);
  await declareConsumer(nc, consumer);
  const stopped = pull(10);
  stopped.puller.stop();
  await publish(3);
  const { got, puller } = pull(10);
  await eventually(() => new Set(texts(got)).size === 3, { reason: "the other gets all" });
  assert.equal(stopped.got.length, 0);
  puller.stop();
});

test("the server restarts: a stream in memory is gone and its puller says so; one on disk is as it was", async () => {
  const kept = { ...stream, name: `KEPT${count}`, subjects: [`kept.${count}.>`] };
  const created = await declareStream(nc, kept);
  await new Publisher(nc).publish({ subject: `kept.${count}.a`, data: new Uint8Array([1]), id: "k", timeoutMs: 5_000 });
  stream = { ...stream, storage: "memory" };
  await declareStream(nc, stream);
  await declareConsumer(nc, consumer);
  const { gone, puller } = pull(10);
  await nats.restart();
  await eventually(async () => (await sightStream(nc, kept.name))?.messages === 1, {
    reason: "we are back",
    timeoutMs: 15_000,
  });
  assert.equal(await declareStream(nc, kept), created);
  assert.equal(await sightStream(nc, stream.name), undefined);
  await eventually(() => gone.length === 1, { reason: "the puller notices", timeoutMs: 30_000 });
  puller.stop();
});
