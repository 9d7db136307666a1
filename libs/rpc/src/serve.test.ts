import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { ask, echoClient, startEcho } from "./echo-service.test.ts";
import { healthService } from "./health.ts";

const STOP_MS = 200;

test("a caller with its token is answered, any other is not", async () => {
  const server = await startEcho(() => {});
  const client = echoClient(server.port);
  assert.equal((await ask(client, "hi")).text, "hi");
  await assert.rejects(ask(client, "hi", "wrong"), /UNAUTHENTICATED/);
  client.close();
  await server.stop(STOP_MS);
});

test("a known caller that a service does not serve is refused like an unknown one", async () => {
  const server = await startEcho(() => {}, undefined, 0, ["ingress"]);
  const client = echoClient(server.port);
  await assert.rejects(ask(client, "hi"), /UNAUTHENTICATED/);
  client.close();
  await server.stop(STOP_MS);
});

test("an expected failure travels as its status and public sentence, a surprise tells nothing", async () => {
  const server = await startEcho(
    () => {},
    async ({ text }) => {
      if (text === "expected") throw new WaybillError("budget_exceeded", { detail: "internal detail" });
      throw new Error("password=hunter2");
    },
  );
  const client = echoClient(server.port);
  await assert.rejects(ask(client, "expected"), (error: Error) => !error.message.includes("internal detail"));
  await assert.rejects(ask(client, "surprise"), (error: Error) => !error.message.includes("hunter2"));
  client.close();
  await server.stop(STOP_MS);
});

test("a message beyond the limit is refused and the server lives on", async () => {
  const server = await startEcho(() => {});
  const client = echoClient(server.port);
  await assert.rejects(ask(client, "x".repeat(5 * 1024 * 1024)), /RESOURCE_EXHAUSTED|larger than max/);
  assert.equal((await ask(client, "hi")).text, "hi");
  client.close();
  await server.stop(STOP_MS);
});

test("health needs no token and says what it was told", async () => {
  const server = await startEcho(() => {});
  const client = echoClient(server.port);
  const check = healthService.check;
  assert.ok(check);
  const serving = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        check.path,
        (bytes: Buffer) => bytes,
        (bytes) => bytes[1] === 1,
        Buffer.alloc(0),
        (error, answer) => (error ? reject(error) : resolve(answer === true)),
      );
    });
  assert.equal(await serving(), false);
  server.health.set(true);
  assert.equal(await serving(), true);
  client.close();
  await server.stop(STOP_MS);
});

test("stop cuts a standing stream after its limit", async () => {
  const server = await startEcho(() => {});
  const client = echoClient(server.port);
  const startedAtMs = performance.now();
  await server.stop(50);
  assert.ok(performance.now() - startedAtMs < 2_000);
  client.close();
});
