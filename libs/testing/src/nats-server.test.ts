// The NATS of tests is a real one: it keeps what JetStream has over a restart and a crash, and leaves nothing behind.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { createConnection } from "node:net";
import { after, test } from "node:test";
import { eventually } from "./eventually.ts";
import { startTestNats } from "./nats-server.ts";
import { isAlive, testHome } from "./test-folder.ts";

const ownFolders = () =>
  existsSync(testHome) ? readdirSync(testHome).filter((name) => name.startsWith(`nats-${process.pid}-`)) : [];

after(() => assert.deepEqual(ownFolders(), []));

/** Speaks just enough of the protocol to see who may come in. */
async function greet(port: number, credentials: { user: string; password: string }): Promise<string> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes.toString();
  });
  socket.on("error", () => undefined);
  const connect = { verbose: false, user: credentials.user, pass: credentials.password };
  socket.write(`CONNECT ${JSON.stringify(connect)}\r\nPING\r\n`);
  await eventually(() => /PONG|-ERR/.test(heard), { reason: "the server answers" });
  socket.destroy();
  return heard;
}

test("it lets its own users in, over a restart and a crash, and ends with its scope", async () => {
  let pid = 0;
  {
    await using nats = await startTestNats();
    assert.match(await greet(nats.port, nats.credentials("operator")), /PONG/);
    assert.match(await greet(nats.port, nats.credentials("ingress")), /PONG/);
    assert.match(await greet(nats.port, { user: "ingress", password: "guessed" }), /-ERR 'Authorization/);
    const before = nats.pid();
    await nats.restart();
    assert.ok(!isAlive(before));
    await nats.kill9();
    await nats.start();
    assert.match(await greet(nats.port, nats.credentials("worker")), /PONG/);
    pid = nats.pid();
  }
  assert.ok(!isAlive(pid));
});
