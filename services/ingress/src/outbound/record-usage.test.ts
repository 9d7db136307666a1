import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PublishOutcome } from "@waybill/bus";
import { Health, Metrics, makeLog, type ServiceScope, startTracing } from "@waybill/service";
import { UsageRecord } from "@waybill/wire";
import { makeUsageRecorder } from "./record-usage.ts";

/** A recorder whose every publish ends as `outcome` says; `stop` is what the end of the process calls. */
async function setUp(outcome: () => PublishOutcome) {
  const stops: ((limitMs: number) => Promise<void> | void)[] = [];
  const ids: string[] = [];
  const scope: ServiceScope = {
    serviceId: "ingress-1",
    log: makeLog("ingress", "ingress-1", "silent"),
    health: new Health(),
    metrics: new Metrics(),
    tracing: await startTracing("ingress", "", 0),
    onStop: (_name, stop) => void stops.push(stop),
    fail: (error) => assert.fail(String(error)),
  };
  const publish = async ({ id }: { id: string }): Promise<PublishOutcome> => {
    const ended = outcome();
    if (ended.kind === "stored") ids.push(id);
    return ended;
  };
  const recorder = makeUsageRecorder({ publish }, scope);
  const stop = async (limitMs: number): Promise<void> => {
    for (const each of stops) await each(limitMs);
  };
  return { recorder, ids, stop };
}

const STORED: PublishOutcome = { kind: "stored", sequence: 1, duplicate: false };

describe("makeUsageRecorder()", () => {
  it("repeats a record until it is stored, also when the drain has left no time", async () => {
    let tries = 0;
    const { recorder, ids, stop } = await setUp(() => {
      tries += 1;
      return tries < 3 ? { kind: "unknown", detail: "nobody is there" } : STORED;
    });
    recorder.record(UsageRecord.create({ recordId: "r.1:void" }));
    await stop(0);
    assert.deepEqual(ids, ["r.1:void"]);
  });

  it("ends all the same when nothing can be stored", async () => {
    let isThere = false;
    const { recorder, ids, stop } = await setUp(() => (isThere ? STORED : { kind: "full" }));
    recorder.record(UsageRecord.create({ recordId: "r.1:void" }));
    const startedAtMs = performance.now();
    await stop(0);
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs >= 1_900 && tookMs < 4_000, `${tookMs} ms`);
    assert.deepEqual(ids, []);
    // Its loop ends with its record; a process would simply be gone.
    isThere = true;
  });

  it("does not wait when nothing is to be stored", async () => {
    const { stop } = await setUp(() => STORED);
    const startedAtMs = performance.now();
    await stop(10_000);
    assert.ok(performance.now() - startedAtMs < 100);
  });
});
