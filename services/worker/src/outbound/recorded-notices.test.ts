// What an ingress hears of records, and that nobody dies of a bus that is being left.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { startTestNats, type TestNats } from "@waybill/testing";
import { AttemptsRecorded, subjects } from "@waybill/wire";
import { RecordedNotices } from "./recorded-notices.ts";

let nats: TestNats;

before(async () => {
  nats = await startTestNats();
});

after(() => nats.stop());

function connect(name: string): Promise<NatsConnection> {
  const { user, password } = nats.credentials("operator");
  return connectBus({ url: nats.url, user, password, service: "worker", name });
}

test("an ingress is told of its attempts together, and once more", { timeout: 10_000 }, async () => {
  const nc = await connect("tells twice");
  const told: string[][] = [];
  let toldTwice = (): void => {};
  const twice = new Promise<void>((resolve) => {
    toldTwice = resolve;
  });
  nc.subscribe(subjects.recorded("i1"), {
    callback: (_error, message) => {
      told.push(AttemptsRecorded.decode(message.data).attemptIds);
      if (told.length === 2) toldTwice();
    },
  });
  const notices = new RecordedNotices(nc);
  notices.add("i1", "a.1");
  notices.add("i2", "b.1");
  notices.add("i1", "a.2");
  await twice;
  assert.deepEqual(told, [
    ["a.1", "a.2"],
    ["a.1", "a.2"],
  ]);
  await nc.drain();
});

test("what falls due while the connection drains, or after it, is not said and ends nothing", async () => {
  const nc = await connect("drains");
  const notices = new RecordedNotices(nc);
  const say = (): void => {
    notices.add("i1", "a.1");
    notices.flush();
  };
  let isOver = false;
  const drained = nc.drain().then(() => {
    isOver = true;
  });
  // Somewhere in between the connection begins to refuse, and only then it is closed.
  while (!isOver) {
    say();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await drained;
  say();
});
