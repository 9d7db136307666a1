// What libs/bus promises of objects that are forgotten after a while, on a real nats-server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectBus, type NatsConnection, openPassingObjects, type PassingObjects } from "@waybill/bus";
import { eventually, startTestNats, type TestNats } from "@waybill/testing";

const MIB = 1024 * 1024;
let nats: TestNats;
let nc: NatsConnection;
let objects: PassingObjects;
before(async () => {
  nats = await startTestNats();
  nc = await connectBus({ url: nats.url, ...nats.credentials("operator"), service: "ingress", name: "objects" });
  objects = await openPassingObjects(nc, { name: "objects", maxAgeMs: 60_000, maxBytes: 32 * MIB, why: "" }, "memory");
});
after(async () => {
  await nc.close();
  await nats.stop();
});

test("an object comes back to the byte, whatever its size, until it is removed", async () => {
  for (const size of [0, 1, 512 * 1024, 512 * 1024 + 1, 3 * MIB]) {
    const bytes = Buffer.alloc(size, `${size} `);
    await objects.put("o", bytes);
    assert.deepEqual(Buffer.from((await objects.get("o")) ?? []), bytes, `${size} bytes`);
  }
  await objects.remove("o");
  assert.equal(await objects.get("o"), undefined);
  assert.equal(await objects.get("never"), undefined);
});

test("one that is replaced while it is read is read whole or not at all, and never waited for", async () => {
  const sizes = [MIB, MIB + 7, 600_000];
  let isWriting = true;
  const writing = (async () => {
    for (let n = 0; n < 60; n += 1) await objects.put("r", Buffer.alloc(sizes[n % 3] ?? 0, "ab"));
    isWriting = false;
  })();
  let [whole, none] = [0, 0];
  while (isWriting) {
    const read = await objects.get("r");
    if (!read) none += 1;
    else {
      assert.ok(sizes.includes(read.length));
      whole += 1;
    }
  }
  await writing;
  assert.ok(whole > 0, `${whole} whole, ${none} none`);
});

test("one that does not fit is refused", async () => {
  await assert.rejects(objects.put("large", Buffer.alloc(40 * MIB)));
});

test("a bucket forgets an object once it is as old as the bucket says, and not before", async () => {
  const brief = await openPassingObjects(nc, { name: "brief", maxAgeMs: 1_000, maxBytes: MIB, why: "" }, "memory");
  const putAtMs = performance.now();
  await brief.put("o", Buffer.from("a"));
  await objects.put("kept", Buffer.from("b"));
  await eventually(async () => (await brief.get("o")) === undefined, { reason: "it is forgotten", intervalMs: 20 });
  const tookMs = performance.now() - putAtMs;
  assert.ok(tookMs >= 990, `forgotten after ${Math.round(tookMs)} ms`);
  assert.equal(Buffer.from((await objects.get("kept")) ?? []).toString(), "b");
});
