// Which connections are made at a provider when calls are ended in the middle.
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { eventually } from "@waybill/testing";
import type { Dispatcher, Pool } from "undici";
import { makeProviderPool } from "./provider-pool.ts";

const PATIENCE = { timeoutMs: 5_000, reason: "the provider sees what it should" };

interface Provider {
  pool: Pool;
  connections: number;
  open: number;
  answering: ServerResponse[];
}

/** Answers "whole" at once; of anything else only the beginning. */
async function startProvider(context: TestContext, connections: number): Promise<Provider> {
  const server = createServer((request, response) => {
    if (request.url === "/whole") return void response.end("whole");
    provider.answering.push(response);
    response.write("begun");
  });
  server.on("connection", (socket) => {
    provider.connections += 1;
    provider.open += 1;
    socket.on("close", () => {
      provider.open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = makeProviderPool(origin, { connections, connect: { timeout: 5_000 } });
  const provider: Provider = { pool, connections: 0, open: 0, answering: [] };
  context.after(async () => {
    await pool.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return provider;
}

interface Call {
  abort(): void;
  body: string;
  ended: "whole" | "error" | undefined;
}

function call(pool: Pool, path: string): Call {
  let controller: Dispatcher.DispatchController | undefined;
  const made: Call = { abort: () => controller?.abort(new Error("ended")), body: "", ended: undefined };
  pool.dispatch(
    { method: "POST", path, body: "{}" },
    {
      onRequestStart(started) {
        controller = started;
      },
      onResponseData(_controller, chunk) {
        made.body += chunk.toString();
      },
      onResponseEnd() {
        made.ended = "whole";
      },
      onResponseError() {
        made.ended = "error";
      },
    },
  );
  return made;
}

test("calls that are ended in the middle leave no connection behind, and the next ones are made", async (context) => {
  const provider = await startProvider(context, 20);
  const calls = Array.from({ length: 20 }, () => call(provider.pool, "/begun"));
  await eventually(async () => calls.every(({ body }) => body === "begun"), PATIENCE);
  for (const each of calls) each.abort();
  await eventually(async () => provider.open === 0, PATIENCE);
  assert.ok(calls.every(({ ended }) => ended === "error"));
  const next = Array.from({ length: 20 }, () => call(provider.pool, "/whole"));
  await eventually(async () => next.every(({ ended }) => ended === "whole"), PATIENCE);
  assert.ok(next.every(({ body }) => body === "whole"));
  assert.equal(provider.connections, 40, "one for each call, none for those that were ended");
});

test("a call that waited for a connection gets one when another is ended", async (context) => {
  const provider = await startProvider(context, 1);
  const first = call(provider.pool, "/begun");
  await eventually(async () => first.body === "begun", PATIENCE);
  const waiting = [call(provider.pool, "/whole"), call(provider.pool, "/whole")];
  first.abort();
  await eventually(async () => waiting.every(({ ended }) => ended === "whole"), PATIENCE);
});

test("a connection that its provider closes after an answer is made anew for the next call", async (context) => {
  const provider = await startProvider(context, 1);
  const cut = call(provider.pool, "/begun");
  await eventually(async () => cut.body === "begun", PATIENCE);
  const next = call(provider.pool, "/whole");
  provider.answering[0]?.destroy();
  await eventually(async () => next.ended === "whole", PATIENCE);
  assert.equal(cut.ended, "error");
});
