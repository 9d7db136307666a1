// The spool on a real disk: what was promised survives, what is sent goes, what others left is taken over once.
import assert from "node:assert/strict";
import { appendFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeTestFolder } from "@waybill/testing";
import { encodeEntry } from "../core/spool-format.ts";
import { Spool } from "./spool.ts";

const record = (text: string): { data: Uint8Array; traceparent: string } => ({
  data: Buffer.from(text),
  traceparent: "",
});

async function openIn(dir: string, name: string, bytesMax = 1_000_000): Promise<{ spool: Spool; damage: string[] }> {
  const damage: string[] = [];
  const spool = await Spool.open({
    dir,
    name,
    bytesMax,
    nowMs: () => Date.now(),
    onDamage: (detail) => void damage.push(detail),
  });
  return { spool, damage };
}

async function drainAll(spool: Spool, failAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  const sent: string[] = [];
  await spool.drain(async ({ data }) => {
    if (sent.length >= failAfter) return false;
    sent.push(Buffer.from(data).toString());
    return true;
  });
  return sent;
}

/** A folder as a worker that died leaves it. */
async function leave(dir: string, name: string, owner: object, segment: Uint8Array): Promise<void> {
  await mkdir(join(dir, name), { recursive: true });
  await writeFile(join(dir, name, "lock"), JSON.stringify(owner));
  await writeFile(join(dir, name, "00000001.seg"), segment);
}

/** No process has it: above what a kernel gives out. */
const deadOwner = { pid: 2 ** 30, host: hostname(), startedAt: "1" };

test("records are sent in order, again after a failure, and then leave the disk", async () => {
  const folder = await makeTestFolder("spool");
  const { spool } = await openIn(folder.path, "w1");
  const names = Array.from({ length: 200 }, (_, index) => `r${index}`);
  await Promise.all(names.map((name) => spool.append(record(name))));
  assert.deepEqual([spool.records, spool.isEmpty], [200, false]);
  assert.deepEqual(await drainAll(spool, 10), names.slice(0, 10));
  assert.equal(spool.records, 200);
  await spool.append(record("late"));
  assert.deepEqual(await drainAll(spool), [...names, "late"]);
  assert.deepEqual([spool.isEmpty, spool.bytes], [true, 0]);
  await spool.close();
  assert.deepEqual(await readdir(folder.path), []);
  await folder.remove();
});

test("it says when it is half full, and refuses what does not fit", async () => {
  const folder = await makeTestFolder("spool");
  const { spool } = await openIn(folder.path, "w1", 200);
  await spool.append(record("x".repeat(80)));
  assert.equal(spool.isHalfFull, false);
  await spool.append(record("x".repeat(20)));
  assert.equal(spool.isHalfFull, true);
  await assert.rejects(spool.append(record("x".repeat(100))), /full/);
  assert.equal((await drainAll(spool)).length, 2);
  assert.equal(spool.isHalfFull, false);
  await folder.remove();
});

test("what dead workers left is taken over by one; what lives, or may live elsewhere, is left alone", async () => {
  const folder = await makeTestFolder("spool");
  const one = Buffer.concat([encodeEntry(record("a")), encodeEntry(record("b"))]);
  await leave(folder.path, "dead", deadOwner, one);
  await leave(folder.path, "reused-pid", { pid: process.pid, host: hostname(), startedAt: "not mine" }, one);
  await leave(folder.path, "elsewhere", { ...deadOwner, host: "another-machine" }, one);
  const [first, second] = [await openIn(folder.path, "w1"), await openIn(folder.path, "w2")];
  const counts = await Promise.all([first.spool.adopt(), second.spool.adopt()]);
  assert.equal(counts[0] + counts[1], 4);
  assert.deepEqual(await Promise.all([first.spool.adopt(), second.spool.adopt()]), [0, 0]);
  const sent = [...(await drainAll(first.spool)), ...(await drainAll(second.spool))];
  assert.deepEqual(sent.sort(), ["a", "a", "b", "b"]);
  await Promise.all([first.spool.close(), second.spool.close()]);
  assert.deepEqual(await readdir(folder.path), ["elsewhere"]);
  await folder.remove();
});

test("a torn tail costs nothing that was promised; damage is put aside and said", async () => {
  const folder = await makeTestFolder("spool");
  await leave(folder.path, "torn", deadOwner, encodeEntry(record("whole")));
  await appendFile(join(folder.path, "torn", "00000001.seg"), encodeEntry(record("half")).subarray(0, 9));
  const rotten = encodeEntry(record("rotten"));
  rotten[12] = (rotten[12] ?? 0) ^ 1;
  await leave(folder.path, "rotten", deadOwner, Buffer.concat([encodeEntry(record("good")), rotten]));
  const { spool, damage } = await openIn(folder.path, "w1");
  await spool.adopt();
  assert.deepEqual((await drainAll(spool)).sort(), ["good", "whole"]);
  assert.equal(damage.length, 1);
  await spool.close();
  assert.deepEqual(await readdir(folder.path), ["w1-00000001.seg.damaged"]);
  await folder.remove();
});
