// What libs/bus promises of what is published at the end of a turn, on a real nats-server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectBus, publishSoon } from "@waybill/bus";
import { eventually, startTestNats } from "@waybill/testing";

test("what one turn publishes comes in order, and what a closed connection cannot take is said to be lost", async () => {
  await using nats = await startTestNats();
  const nc = await connectBus({ url: nats.url, ...nats.credentials("operator"), service: "router", name: "soon" });
  const heard: string[] = [];
  nc.subscribe("soon", { callback: (_error, message) => void heard.push(message.string()) });
  await nc.flush();
  for (const text of ["1", "2", "3"]) publishSoon(nc, "soon", text);
  await eventually(() => heard.length === 3, { reason: "all have come" });
  assert.deepEqual(heard, ["1", "2", "3"]);
  await nc.close();
  let lost = 0;
  const onLost = (): void => {
    lost += 1;
  };
  publishSoon(nc, "soon", "4", {}, onLost);
  assert.equal(lost, 0, "not before the turn has ended");
  await eventually(() => lost === 1, { reason: "it is said" });
});
