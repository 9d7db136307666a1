import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { requireDatabase, requireNats } from "./given-stores.ts";

/** A server that says one thing to whoever connects. */
async function withServer(greeting: string, use: (port: number) => Promise<void>): Promise<void> {
  const server: Server = createServer((socket) => socket.end(greeting));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  try {
    await use(typeof address === "object" && address !== null ? address.port : 0);
  } finally {
    server.close();
  }
}

test("nobody at DATABASE_URL is one sentence with the next step", async () => {
  await withServer("", async (port) => {
    const url = `postgres://me:very-secret@127.0.0.1:${port}/x`;
    await assert.rejects(requireDatabase(url), (error: Error) => {
      assert.match(error.message, /no database answers at 127\.0\.0\.1:\d+.*unset DATABASE_URL/);
      assert.doesNotMatch(error.message, /very-secret/);
      return true;
    });
  });
});

test("a NATS without JetStream, something that is no NATS, and nobody are told apart", async () => {
  await withServer('INFO {"jetstream":true}\r\n', (port) => requireNats(`nats://127.0.0.1:${port}`));
  await withServer("INFO {}\r\n", (port) =>
    assert.rejects(requireNats(`nats://127.0.0.1:${port}`), /without JetStream/),
  );
  await withServer("HTTP/1.1\r\n", (port) =>
    assert.rejects(requireNats(`nats://127.0.0.1:${port}`), /does not speak NATS/),
  );
  await assert.rejects(requireNats("nats://127.0.0.1:1"), /no NATS answers at 127\.0\.0\.1:1.*unset NATS_URL/);
});
