// Usage for others on a whole stack: a reader on the bus with its own user hears every entry, corrections included, and the command gives
// the same events again from the books.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection, Publisher, Puller } from "@waybill/bus";
import { formatUsd, parseUsd } from "@waybill/domain";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import { type BusServiceName, EVENT_READER, eventConsumer, STREAMS, subjects, UsageRecord } from "@waybill/wire";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

interface Event {
  id: string;
  type: string;
  time: string;
  // A test looks into all of it.
  // biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
  data: any;
}

let stack: TestStack;
let folder: TestFolder;
let reader: NatsConnection;
let puller: Puller;
const heard = new Map<string, Event>();

before(async () => {
  [stack, folder] = await Promise.all([
    startStack({ replicas: { console: 1, ledger: 2 }, env: { ledger: { WAYBILL_LEDGER_EVENTS: "on" } } }),
    makeTestFolder("events"),
  ]);
  reader = await connectBus({
    ...{ url: stack.nats.url, ...stack.nats.credentials(EVENT_READER), name: "somebody else's" },
    // It is no service; all that is made of it here is the name of its inbox.
    service: EVENT_READER as unknown as BusServiceName,
  });
  const { stream, durable } = eventConsumer();
  puller = new Puller({
    ...{ nc: reader, service: EVENT_READER as unknown as BusServiceName, stream, durable, room: () => 100 },
    onMessage(message) {
      const event: Event = JSON.parse(new TextDecoder().decode(message.data));
      heard.set(event.id, event);
      message.ack();
    },
    onGone: () => {},
  });
});
after(async () => {
  puller.stop();
  await reader.close();
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);

async function call(): Promise<void> {
  const answer = await ask(stack, {
    fields: { max_tokens: 100, messages: [{ role: "user", content: "a secret prompt" }] },
    script: { inputTokens: 100, outputTokens: 20 },
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** A first record of an attempt, then the worker's own, which corrects it. */
async function bookACorrection(): Promise<string> {
  const requestId = `${Date.now()
    .toString(16)
    .padStart(12, "0")
    .replace(/^(.{8})/, "$1-")}-7abc-8def-000000000001`;
  const bus = await connectBus({
    ...{ url: stack.nats.url, ...stack.nats.credentials("operator"), service: "worker", name: "test" },
  });
  try {
    const publisher = new Publisher(bus);
    for (const [source, name, cost] of [
      [2, "ingress", 9_000_000_000n],
      [1, "worker", 1_500_000_000n],
    ] as const) {
      const record = UsageRecord.fromPartial({
        ...{
          recordId: `${requestId}.1:${name}`,
          attemptId: `${requestId}.1`,
          requestId,
          attempt: 1,
          source,
          outcome: 1,
        },
        ...{
          attribution: { organisationId: "acme", teamId: "support" },
          tokenSource: 1,
          costPicoUsd: cost,
          costKnown: true,
        },
        ...{ target: { provider: "scripted", model: "scripted-1" }, price: { version: "v1" } },
        ...{ usage: { input: 100n, output: 20n }, recordedAtMs: BigInt(Date.now()) },
      });
      const data = UsageRecord.encode(record).finish();
      const stored = await publisher.publish({
        ...{ subject: subjects.usage("acme"), data, id: record.recordId, timeoutMs: 5_000 },
      });
      assert.equal(stored.kind, "stored");
      await eventually(async () => (await entriesOf(requestId)) >= (source === 2 ? 1 : 3), {
        ...{ timeoutMs: 10_000, reason: `the record of the ${name} is booked` },
      });
    }
  } finally {
    await bus.close();
  }
  return requestId;
}

async function entriesOf(requestId: string): Promise<number> {
  return (await stack.sql("SELECT count(*)::int AS n FROM ledger.entry WHERE request_id = $1", [requestId]))[0]?.n;
}

describe("a reader of the bus", () => {
  it("hears of every entry within seconds, corrections with what they correct, and sums to the books", async () => {
    for (let n = 0; n < 5; n += 1) await call();
    const corrected = await bookACorrection();
    const books = await eventually(
      async () => {
        const [row] = await stack.sql(
          "SELECT count(*)::int AS entries, sum(sign)::int AS attempts, sum(cost_usd)::text AS cost FROM ledger.entry",
        );
        return row?.entries >= 8 && heard.size >= row?.entries ? row : undefined;
      },
      { timeoutMs: 10_000, reason: "all is booked and heard" },
    );
    const events = [...heard.values()];
    assert.equal(events.length, books.entries);
    const pico = events.reduce((sum, { data }) => sum + parseUsd(data.cost_usd ?? "0"), 0n);
    assert.equal(formatUsd(pico), formatUsd(parseUsd(books.cost)));
    assert.equal(
      events.reduce((sum, { data }) => sum + data.sign, 0),
      books.attempts,
    );
    const [first, mirror, instead] = [1, 2, 3].map((sequence) => heard.get(`${corrected}.1.${sequence}`));
    assert.equal(first?.data.corrects, null);
    assert.deepEqual([mirror?.data.sign, mirror?.data.cost_usd, mirror?.data.corrects], [-1, "-0.009", first?.id]);
    assert.deepEqual([instead?.data.sign, instead?.data.cost_usd, instead?.data.corrects], [1, "0.0015", first?.id]);
    assert.doesNotMatch(JSON.stringify(events), /secret prompt|wb_/);
  });

  it("may write nothing and make nothing", async () => {
    const outcome = await new Publisher(reader).publish({
      ...{ subject: subjects.usageEvent("acme"), data: new Uint8Array(), id: "x", timeoutMs: 500 },
    });
    assert.notEqual(outcome.kind, "stored");
    const made = await new Publisher(reader).publish({
      ...{ subject: `$JS.API.CONSUMER.CREATE.${STREAMS.events.name}`, data: new Uint8Array(), id: "x", timeoutMs: 500 },
    });
    assert.notEqual(made.kind, "stored");
  });
});

describe("a replay", () => {
  it("gives the same events under the same ids, to a file and to whoever reads on", async () => {
    const out = join(folder.path, "all.ndjson");
    assert.match(
      (await waybill(0, "events", "replay", "--from", "2026-01-01", "--out", out)).stdout,
      /events, booked from/,
    );
    const lines = (await readFile(out, "utf8")).trimEnd().split("\n");
    const events: Event[] = lines.map((line) => JSON.parse(line));
    assert.deepEqual(new Map(events.map((event) => [event.id, event])), heard);
    const printed = await waybill(0, "events", "replay", "--from", events[3]?.time.slice(0, 23).concat("Z") ?? "");
    assert.deepEqual(printed.stdout.trimEnd().split("\n").slice(-5), lines.slice(-5));
    assert.match((await waybill(2, "events", "replay", "--from", "yesterday")).stderr, /must be like/);
  });

  it("is in pages, and goes on behind its last one when something more is booked", async () => {
    const admin = adminOf(stack);
    const ids: string[] = [];
    let cursor = "";
    for (;;) {
      const { body, status } = await admin("GET", `/api/v1/events/usage?limit=3&cursor=${encodeURIComponent(cursor)}`);
      assert.equal(status, 200, JSON.stringify(body));
      ids.push(...body.events.map(({ id }: Event) => id));
      cursor = body.nextCursor;
      if (!body.more) break;
    }
    assert.deepEqual(new Set(ids), new Set(heard.keys()));
    assert.equal(ids.length, heard.size);
    const before = heard.size;
    await call();
    await eventually(() => heard.size > before, { timeoutMs: 10_000, reason: "the bus tells of it" });
    const { body } = await admin("GET", `/api/v1/events/usage?cursor=${encodeURIComponent(cursor)}`);
    assert.deepEqual(
      body.events.map(({ id }: Event) => id),
      [[...heard.keys()].at(-1)],
    );
    assert.equal((await admin("GET", "/api/v1/events/usage?cursor=1_2")).body.error.param, "cursor");
  });
});

it("the bus goes on where it stopped when the ledgers die", async () => {
  const before = heard.size;
  for (const ledger of stack.of("ledger")) await ledger.kill9();
  for (let n = 0; n < 3; n += 1) await call();
  await stack.start("ledger", { env: { WAYBILL_FAILPOINT: "events_published" } }).catch(() => undefined);
  await eventually(() => heard.size >= before + 3, { timeoutMs: 20_000, reason: "the dying one has told the bus" });
  await eventually(() => stack.of("ledger").length === 0, { timeoutMs: 10_000, reason: "it died" });
  const ledger = await stack.start("ledger");
  await call();
  await eventually(() => heard.size === before + 4, { timeoutMs: 20_000, reason: "the next one goes on" });
  assert.equal(new Set(heard.keys()).size, (await stack.sql("SELECT count(*)::int AS n FROM ledger.entry"))[0]?.n);
  const [{ messages }] = [await streamOf()];
  assert.equal(messages, heard.size, "the stream holds each once");
  await ledger.kill9();
});

async function streamOf(): Promise<{ messages: number }> {
  const info = await new Promise<{ state: { messages: number } }>((resolve, reject) => {
    reader
      .request(`$JS.API.STREAM.INFO.${STREAMS.events.name}`, new Uint8Array(), { timeout: 5_000 })
      .then((message) => resolve(message.json()), reject);
  });
  return info.state;
}
