// What libs/bus promises of watched buckets, on a real nats-server.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { connectBus, type NatsConnection, openBucket, watchBucket } from "@waybill/bus";
import { eventually, startTestNats, type TestNats } from "@waybill/testing";

let nats: TestNats;
let writer: NatsConnection;
let reader: NatsConnection;
before(async () => {
  nats = await startTestNats();
  const options = { url: nats.url, ...nats.credentials("operator") };
  writer = await connectBus({ ...options, service: "router", name: "writer" });
  reader = await connectBus({ ...options, service: "ingress", name: "reader" });
});
after(async () => {
  await reader.close();
  await writer.close();
  await nats.stop();
});

let count = 0;
let bucket: { name: string; history: number };
let seen: Map<string, string | undefined>;
let current: number;
let broken: string[];
let watch: { stop(): void };

beforeEach(() => {
  count += 1;
  bucket = { name: `bucket_${count}`, history: 2 };
  seen = new Map();
  current = 0;
  broken = [];
});
afterEach(() => watch.stop());

function start(connection: NatsConnection = reader): void {
  watch = watchBucket(connection, bucket.name, {
    onEntry: (key, value) => void seen.set(key, value && new TextDecoder().decode(value)),
    onCurrent: () => {
      current += 1;
    },
    onBroken: (detail) => void broken.push(detail),
  });
}
const put = (text: string): Uint8Array => new TextEncoder().encode(text);

test("what is there is told first, then that this was all, then every change", async () => {
  const kv = await openBucket(writer, bucket);
  await kv.put("a", put("1"));
  await kv.put("b", put("2"));
  await kv.put("b", put("3"));
  start();
  await eventually(() => current === 1, { reason: "all is told" });
  assert.deepEqual([...seen].sort(), [
    ["a", "1"],
    ["b", "3"],
  ]);
  await kv.put("c", put("4"));
  await kv.delete("a");
  await eventually(() => seen.get("c") === "4" && seen.get("a") === undefined, { reason: "changes are told" });
});

test("an empty bucket is current at once", async () => {
  await openBucket(writer, bucket);
  start();
  await eventually(() => current === 1, { reason: "nothing is all" });
});

test("a bucket may be made later", async () => {
  start();
  await eventually(() => broken.length > 0, { reason: "it says that there is none" });
  assert.equal(current, 0);
  const kv = await openBucket(writer, bucket);
  await kv.put("a", put("1"));
  await eventually(() => seen.get("a") === "1" && current > 0, { reason: "it is found", timeoutMs: 10_000 });
});

test("the server restarts: the watch goes on, and what changed meanwhile is told", async () => {
  // A server and connections of its own: those of the other tests would be reconnecting while the next one begins.
  await using own = await startTestNats();
  const options = { url: own.url, ...own.credentials("operator") };
  const before = await connectBus({ ...options, service: "router", name: "writer before" });
  const watcher = await connectBus({ ...options, service: "ingress", name: "watcher" });
  await (await openBucket(before, bucket)).put("a", put("1"));
  await before.close();
  start(watcher);
  await eventually(() => current === 1, { reason: "all is told" });
  await own.restart();
  const after = await connectBus({ ...options, service: "router", name: "writer after" });
  await (await openBucket(after, bucket)).put("b", put("2"));
  await eventually(() => seen.get("b") === "2", { reason: "the reader hears", timeoutMs: 3_000 });
  assert.equal(seen.get("a"), "1");
  watch.stop();
  await Promise.all([after.close(), watcher.close()]);
});

test("a key that vanished with its bucket is told as deleted when the bucket is back", async () => {
  const kv = await openBucket(writer, bucket);
  await kv.put("a", put("1"));
  await kv.put("b", put("2"));
  start();
  await eventually(() => current === 1, { reason: "all is told" });
  await kv.destroy();
  const again = await openBucket(writer, bucket);
  await again.put("b", put("2"));
  await eventually(() => seen.get("a") === undefined && seen.get("b") === "2", {
    reason: "a is gone",
    timeoutMs: 10_000,
  });
});

test("a stopped watch tells nothing more", async () => {
  const kv = await openBucket(writer, bucket);
  start();
  await eventually(() => current === 1, { reason: "it watches" });
  watch.stop();
  await kv.put("a", put("1"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(seen.size, 0);
});
