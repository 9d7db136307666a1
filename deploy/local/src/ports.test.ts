import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { defaultPortBase, namePorts, portOffsetMax, portsFromBase, requireFreePorts } from "./ports.ts";

const everything = { nats: true, postgres: true, simulator: true };

test("no two parts of the stack share a port, and none lies beyond the room a base leaves", () => {
  const ports = namePorts(portsFromBase(defaultPortBase), everything).map(({ port }) => port);
  assert.equal(new Set(ports).size, ports.length);
  assert.ok(Math.max(...ports) <= defaultPortBase + portOffsetMax);
});

test("a given NATS or database needs no port of ours", () => {
  const own = namePorts(portsFromBase(1), { nats: false, postgres: false, simulator: true });
  assert.doesNotMatch(own.map(({ purpose }) => purpose).join(), /NATS|PostgreSQL/);
});

test("a taken port is named with its purpose, its holder and what to set", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  try {
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const wanted = [{ port, purpose: "the gateway" }];
    const by = process.platform === "linux" ? `process ${process.pid} \\(` : "another process";
    const sentence = new RegExp(`port ${port}, wanted for the gateway, is taken by ${by}.*WAYBILL_PORT_BASE`);
    await assert.rejects(requireFreePorts(wanted), sentence);
  } finally {
    holder.close();
  }
});
