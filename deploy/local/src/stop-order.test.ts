import assert from "node:assert/strict";
import { test } from "node:test";
import { Started } from "./stack.ts";
import { servicesStopLimitMs, stopServices } from "./stop-order.ts";

const names = ["simulator", "ledger", "budget", "worker", "router", "console", "ingress"];

test("an ingress that takes all its time leaves the others theirs, and the whole stays in its limit", async () => {
  let nowMs = 5_000;
  const limits = new Map<string, number>();
  const services = names.map((name) => ({
    name,
    async stop(limitMs: number) {
      limits.set(name, limitMs);
      // Budget and ledger stop at the same time, and so do ingress and console; one of the two is enough to move the clock.
      if (name !== "ledger" && name !== "console") nowMs += limitMs;
    },
  }));
  await stopServices(services, () => nowMs);
  assert.ok((limits.get("ingress") ?? 0) >= 7_500, "streams have most of the time");
  const later = ["worker", "router", "budget", "simulator"].map((name) => limits.get(name) ?? 0);
  assert.ok(
    later.every((limitMs) => limitMs >= 200),
    `nobody is killed at once: ${later}`,
  );
  assert.ok(later.reduce((sum, limitMs) => sum + limitMs, 0) >= 2_000, `${later}`);
  assert.equal(nowMs - 5_000, servicesStopLimitMs);
});

test("what the ingress does not need is there for the worker", async () => {
  const limits = new Map<string, number>();
  const services = names.map((name) => ({ name, stop: async (limitMs: number) => void limits.set(name, limitMs) }));
  await stopServices(services, () => 0);
  assert.ok((limits.get("worker") ?? 0) > 8_000);
  assert.equal(limits.get("simulator"), servicesStopLimitMs);
});

test("the stores stop when the last service has stopped, in the order of a request's path", async () => {
  const events: string[] = [];
  const stop = (name: string) => async () => {
    events.push(`${name} stops`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    events.push(`${name} has stopped`);
  };
  const started = new Started();
  for (const name of names) {
    const never = { logFile: "", pid: () => undefined, waitReady: async () => {}, kill: () => {} };
    started.services.push({ ...never, name, stop: stop(name) });
  }
  started.stores.push({ url: "", stop: stop("NATS"), endAtOnce: async () => {} });
  await started.stopInOrder();
  const starts = events.filter((event) => event.endsWith(" stops")).map((event) => event.split(" ")[0]);
  assert.deepEqual(starts, ["console", "ingress", "worker", "router", "ledger", "budget", "simulator", "NATS"]);
  assert.ok(events.indexOf("simulator has stopped") < events.indexOf("NATS stops"));
  assert.ok(events.indexOf("ingress has stopped") < events.indexOf("worker stops"));
});
