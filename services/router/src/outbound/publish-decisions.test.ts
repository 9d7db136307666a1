// Decision records to a real nats-server: in batches by organisation, once, and bounded while it is away.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { connectBus, declareConsumer, type NatsConnection, Puller, sightStream } from "@waybill/bus";
import type { Log, Metrics } from "@waybill/service";
import { eventually, startTestNats, type TestNats } from "@waybill/testing";
import { DecisionBatch, DecisionRecord, decisionConsumer, STREAMS } from "@waybill/wire";
import { DecisionPublisher } from "./publish-decisions.ts";
import { DecisionOutbox, type EncodedBatch } from "./publish-decisions-outbox.ts";

let nats: TestNats;
/** As the router, with its own rights; and as the ledger, who reads. */
let router: NatsConnection;
let ledger: NatsConnection;

before(async () => {
  nats = await startTestNats();
  const connect = (service: "router" | "ledger"): Promise<NatsConnection> => {
    const { user, password } = nats.credentials(service);
    return connectBus({ url: nats.url, user, password, service, name: "decisions test" });
  };
  [router, ledger] = [await connect("router"), await connect("ledger")];
});

after(async () => {
  puller?.stop();
  await router.close();
  await ledger.close();
  await nats.stop();
});

const log = { warn() {}, error() {}, info() {} } as unknown as Log;
const made: DecisionPublisher[] = [];
afterEach(async () => {
  for (const publisher of made.splice(0)) await publisher.stop(0);
});

function makePublisher(): DecisionPublisher & { counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const metrics = {
    counter: (name: string) => (amount: number) => {
      counts[name] = (counts[name] ?? 0) + amount;
    },
  } as unknown as Metrics;
  const publisher = new DecisionPublisher({ routerId: "router-1", log, metrics });
  made.push(publisher);
  return Object.assign(publisher, { counts });
}
const published = "waybill_router_decision_records_total";
const dropped = "waybill_router_dropped_decision_records_total";

let requests = 0;
function sample(
  organisationId: string,
  changes: Parameters<typeof DecisionRecord.fromPartial>[0] = {},
): DecisionRecord {
  const requestId = `r${requests++}`;
  return DecisionRecord.fromPartial({ requestId, attempt: 1, attribution: { organisationId }, ...changes });
}

interface Received {
  subject: string;
  requestIds: string[];
  bytes: number;
}

const received: Received[] = [];
let puller: Puller | undefined;
let reading: Promise<void> | undefined;
/** Everything on the stream since the first call, each message once. */
function read(): Promise<void> {
  reading ??= (async () => {
    await declareConsumer(ledger, decisionConsumer());
    const { stream, durable } = decisionConsumer();
    puller = new Puller({
      ...{ nc: ledger, service: "ledger", stream, durable, room: () => 1_000, onGone: () => {} },
      onMessage: (message) => {
        const { records } = DecisionBatch.decode(message.data);
        const requestIds = records.map(({ requestId }) => requestId);
        received.push({ subject: message.subject, requestIds, bytes: message.data.length });
        message.ack();
      },
    });
  })();
  return reading;
}

async function arrived(records: readonly DecisionRecord[]): Promise<Received[]> {
  await eventually(() => sightStream(ledger, STREAMS.decisions.name), { reason: "a stream" });
  await read();
  const ids = new Set(records.map(({ requestId }) => requestId));
  const found = (): Received[] => received.filter(({ requestIds }) => requestIds.some((id) => ids.has(id)));
  const count = (): number => found().reduce((sum, { requestIds }) => sum + requestIds.length, 0);
  await eventually(() => count() >= ids.size, { reason: "all arrived", timeoutMs: 10_000 });
  assert.equal(count(), ids.size, "once each");
  return found();
}

test("records go out within a moment, those of an organisation together, under its own subject", async () => {
  const publisher = makePublisher();
  publisher.connected(router);
  const records = ["acme", "globex", "acme"].map((organisation) => sample(organisation));
  const startedMs = performance.now();
  for (const record of records) publisher.add(record);
  await eventually(() => publisher.counts[published] === 3, { reason: "stored" });
  assert.ok(performance.now() - startedMs < 1_000);
  const messages = await arrived(records);
  assert.deepEqual(messages.map(({ subject, requestIds }) => [subject, requestIds.length]).sort(), [
    ["waybill.decision.acme", 2],
    ["waybill.decision.globex", 1],
  ]);
});

test("many records become few messages, and a record that is too large for any is given up alone", async () => {
  const publisher = makePublisher();
  publisher.connected(router);
  const many = Array.from({ length: 1_000 }, () => sample("many"));
  for (const record of many) publisher.add(record);
  assert.equal((await arrived(many)).length, 20);
  // Twenty of them are more than a message takes.
  const large = Array.from({ length: 20 }, () => sample("large", { routerId: "x".repeat(100_000) }));
  const tooLarge = sample("large", { routerId: "x".repeat(1_000_000) });
  for (const record of [...large.slice(0, 10), tooLarge, ...large.slice(10)]) publisher.add(record);
  const messages = await arrived(large);
  assert.ok(messages.length > 1 && messages.every(({ bytes }) => bytes <= 512 * 1024));
  assert.equal(publisher.counts[dropped], 1);
});

test("what was decided before NATS was there is published when it is; stopping publishes the rest", async () => {
  const publisher = makePublisher();
  const early = [sample("early"), sample("early")];
  for (const record of early) publisher.add(record);
  await new Promise((resolve) => setTimeout(resolve, 200));
  publisher.connected(router);
  await arrived(early);
  const late = sample("early");
  publisher.add(late);
  await publisher.stop(2_000);
  assert.equal(publisher.counts[published], 3);
  await arrived([late]);
});

test("a process that starts anew under the same name is not taken for a repetition", async () => {
  const records: DecisionRecord[] = [];
  for (const _life of [1, 2]) {
    const publisher = makePublisher();
    publisher.connected(router);
    const record = sample("lives");
    records.push(record);
    publisher.add(record);
    await publisher.stop(2_000);
  }
  await arrived(records);
});

test("nats-server away: add goes on, and what waited arrives once when it is back", async () => {
  const publisher = makePublisher();
  publisher.connected(router);
  const before = sample("away");
  publisher.add(before);
  await arrived([before]);
  await nats.kill9();
  const records = Array.from({ length: 300 }, () => sample("away"));
  for (const record of records) publisher.add(record);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(publisher.counts[published], 1);
  await nats.restart();
  await eventually(() => publisher.counts[published] === 301, { reason: "stored", timeoutMs: 15_000 });
  assert.equal(publisher.counts[dropped], undefined);
});

test("more than can wait: the oldest are given up and counted, and nothing else is lost", async () => {
  const publisher = makePublisher();
  // In one turn of the event loop, so that none can be encoded.
  const records = Array.from({ length: 20_250 }, () => sample("flood"));
  for (const record of records) publisher.add(record);
  const lost = publisher.counts[dropped] ?? 0;
  assert.ok(lost >= 250 && lost < 350, `${lost} were given up`);
  publisher.connected(router);
  await eventually(() => publisher.counts[published] === records.length - lost, {
    reason: "the others are stored",
    timeoutMs: 15_000,
  });
});

test("encoded batches are bounded in bytes; the newest stay", async () => {
  let lost = 0;
  const add = (records: number): void => {
    lost += records;
  };
  const sent: string[] = [];
  const outbox = new DecisionOutbox({ onStored: () => {}, onDropped: add });
  const data = new Uint8Array(1024 * 1024);
  const batches = Array.from({ length: 70 }, (_, n): EncodedBatch => ({ subject: "s", data, id: `${n}`, records: 1 }));
  for (const batch of batches) outbox.put(batch);
  assert.equal(lost, 6);
  const publish = async ({ id }: { id: string }) => {
    sent.push(id);
    return { kind: "stored", sequence: 1, duplicate: false } as const;
  };
  outbox.open({ publish }, async () => {});
  await eventually(() => outbox.isEmpty, { reason: "all sent" });
  assert.deepEqual(
    sent,
    batches.slice(6).map(({ id }) => id),
  );
});

test("a batch is repeated under its own id until it is stored, and the stream is made again", async () => {
  const ids: string[] = [];
  let declared = 0;
  let stored = 0;
  const onStored = (records: number): void => {
    stored += records;
  };
  const outbox = new DecisionOutbox({ onStored, onDropped: () => {} });
  outbox.open(
    {
      publish: async ({ id }) => {
        ids.push(id);
        return ids.length < 3
          ? { kind: "unknown", detail: "no stream" }
          : { kind: "stored", sequence: 1, duplicate: false };
      },
    },
    async () => {
      declared += 1;
    },
  );
  outbox.put({ subject: "s", data: new Uint8Array(1), id: "one", records: 7 });
  await eventually(() => stored === 7, { reason: "stored" });
  assert.deepEqual(ids, ["one", "one", "one"]);
  assert.equal(declared, 3);
});
