// What libs/bus promises of records that several processes change, on a real nats-server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectBus, type NatsConnection, openPassingRecords, type PassingRecords } from "@waybill/bus";
import { eventually, startTestNats, type TestNats } from "@waybill/testing";

let nats: TestNats;
let nc: NatsConnection;
let records: PassingRecords;
before(async () => {
  nats = await startTestNats();
  nc = await connectBus({ url: nats.url, ...nats.credentials("operator"), service: "ingress", name: "records" });
  records = await openPassingRecords(nc, { name: "records", maxAgeMs: 60_000, maxBytes: 1_000_000, why: "" }, "memory");
});
after(async () => {
  await nc.close();
  await nats.stop();
});
const bytes = (text: string): Uint8Array => Buffer.from(text);

test("whoever is late changes and removes nothing, and a record that was removed can be made again", async () => {
  const first = (await records.create("k", bytes("a"))) ?? assert.fail();
  assert.equal(await records.create("k", bytes("b")), undefined);
  const second = (await records.update("k", bytes("c"), first)) ?? assert.fail();
  assert.equal(await records.update("k", bytes("d"), first), undefined);
  await records.remove("k", first);
  assert.equal(Buffer.from((await records.get("k"))?.value ?? []).toString(), "c");
  await records.remove("k", second);
  assert.equal(await records.get("k"), undefined);
  assert.ok(await records.create("k", bytes("e")));
});

test("a bucket forgets a record once it is as old as the bucket says, and not before; then it can be made again", async () => {
  const brief = await openPassingRecords(nc, { name: "brief", maxAgeMs: 1_000, maxBytes: 100_000, why: "" }, "memory");
  const madeAtMs = performance.now();
  await brief.create("k", bytes("a"));
  await records.create("kept", bytes("b"));
  await eventually(async () => (await brief.get("k")) === undefined, { reason: "it is forgotten", intervalMs: 20 });
  const tookMs = performance.now() - madeAtMs;
  assert.ok(tookMs >= 990, `forgotten after ${Math.round(tookMs)} ms`);
  assert.ok(await records.get("kept"));
  assert.ok(await brief.create("k", bytes("c")));
});
