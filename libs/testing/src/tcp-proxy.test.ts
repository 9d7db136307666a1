// The proxy passes bytes on unharmed and breaks connections exactly as told.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

const echoPort = await freePort();
const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
echo.listen(echoPort, "127.0.0.1");
await once(echo, "listening");
after(() => echo.close());

interface Client {
  socket: Socket;
  received: () => Buffer;
  ended: () => "no" | "fin" | "rst";
}

async function connect(port: number): Promise<Client> {
  const socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
  const pieces: Buffer[] = [];
  let ended: "no" | "fin" | "rst" = "no";
  socket.on("data", (bytes) => pieces.push(bytes));
  socket.on("end", () => {
    ended = "fin";
  });
  socket.on("error", () => {
    ended = "rst";
  });
  // A refusal may come before the connection is seen to stand; the test looks at how it ended.
  await once(socket, "connect").catch(() => undefined);
  return { socket, received: () => Buffer.concat(pieces), ended: () => ended };
}

test("bytes and ends pass unharmed, and are counted", async () => {
  await using proxy = await startTcpProxy({ targetPort: echoPort });
  const client = await connect(proxy.port);
  const sent = Buffer.alloc(3_000_000, "waybill ");
  client.socket.end(sent);
  await eventually(() => client.ended() === "fin", { reason: "the end comes back" });
  assert.ok(client.received().equals(sent));
  assert.equal(proxy.counts.bytesUp, sent.length);
  assert.equal(proxy.counts.bytesDown, sent.length);
  await eventually(() => proxy.counts.open === 0, { reason: "nothing stays open" });
});

test("delay and throttle keep the order and take their time", async () => {
  await using proxy = await startTcpProxy({ targetPort: echoPort });
  const client = await connect(proxy.port);
  proxy.delay(60);
  const startedAtMs = performance.now();
  client.socket.write("a");
  client.socket.write("b");
  await eventually(() => client.received().length === 2, { reason: "the echo" });
  assert.ok(performance.now() - startedAtMs >= 115, "60 ms each way");
  assert.equal(client.received().toString(), "ab");
  proxy.heal();
  proxy.throttle(10_000);
  const slowAtMs = performance.now();
  client.socket.write(Buffer.alloc(1_000));
  await eventually(() => client.received().length === 1_002, { reason: "the slow echo" });
  assert.ok(performance.now() - slowAtMs >= 95);
  client.socket.destroy();
});

test("a black hole swallows nothing: after it everything arrives", async () => {
  await using proxy = await startTcpProxy({ targetPort: echoPort });
  const client = await connect(proxy.port);
  proxy.blackhole("down");
  client.socket.write("lost?");
  await eventually(() => proxy.counts.bytesUp === 5, { reason: "the way up is open" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(client.received().length, 0);
  assert.equal(client.ended(), "no");
  const late = await connect(proxy.port);
  proxy.heal();
  await eventually(() => client.received().toString() === "lost?", { reason: "it was only late" });
  client.socket.destroy();
  late.socket.destroy();
});

test("cut ends open connections by RST or FIN and takes new ones", async () => {
  await using proxy = await startTcpProxy({ targetPort: echoPort });
  for (const by of ["rst", "fin"] as const) {
    const client = await connect(proxy.port);
    client.socket.write("x");
    await eventually(() => client.received().length === 1, { reason: "the connection works" });
    proxy.cut(by);
    await eventually(() => client.ended() === by, { reason: `the client sees ${by}` });
    await eventually(() => proxy.counts.open === 0, { reason: "nothing stays open" });
  }
});

test("refuse ends new connections, and a target that is down ends them too", async () => {
  await using proxy = await startTcpProxy({ targetPort: echoPort });
  proxy.refuse(true);
  const refused = await connect(proxy.port);
  await eventually(() => refused.ended() !== "no", { reason: "it is reset" });
  proxy.heal();
  const fine = await connect(proxy.port);
  fine.socket.write("x");
  await eventually(() => fine.received().length === 1, { reason: "the connection works" });
  fine.socket.destroy();
  await using deadEnd = await startTcpProxy({ targetPort: await freePort() });
  const nobody = await connect(deadEnd.port);
  await eventually(() => nobody.ended() !== "no", { reason: "nobody listens behind it" });
});
