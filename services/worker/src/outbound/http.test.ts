// Real connections: which addresses are called at all, what the provider is told, and what is reported of how far it got.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { ProviderConfig } from "@waybill/wire";
import { accountsOf } from "../core/accounts-of.ts";
import type { Upstream } from "../ports.ts";
import { openAiCompatible } from "../providers/openai-compatible/index.ts";
import { callHeaders, ProviderConnections } from "./http.ts";
import { makeUpstream } from "./upstream.ts";

const ids = { requestId: "r", attemptId: "r.1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
const request = { path: "/chat/completions", body: Buffer.from("{}"), headers: [], droppedFields: [] };

/** Of the provider's only account. */
function upstreamOf(config: ProviderConfig, key: string): Upstream {
  const [account] = accountsOf(config);
  assert.ok(account);
  return makeUpstream(config, account, openAiCompatible, key);
}

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; server: Server } & AsyncDisposable> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, server, [Symbol.asyncDispose]: stop };
}

/** What the call reported, one word for each event. */
async function call(
  baseUrl: string,
  changes: Partial<ProviderConfig> = {},
  key = "",
  connections = new ProviderConnections(4),
): Promise<string[]> {
  const config = ProviderConfig.fromPartial({ id: "p", baseUrl, allowPrivateAddress: true, ...changes });
  const upstream = upstreamOf(config, key);
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    connections.call(upstream, request, ids, {
      onSent: () => void events.push("sent"),
      onHeaders: (status) => void events.push(`status ${status}`),
      onData: (chunk) => void events.push(`data ${Buffer.from(chunk).toString()}`),
      onEnd: () => {
        events.push("end");
        resolve();
      },
      onError: (detail) => {
        events.push(detail);
        resolve();
      },
    });
  });
  await connections.close();
  return events;
}

test("private addresses are refused before anything is sent, by number and by name", async () => {
  let calls = 0;
  await using server = await serve((_request, response) => {
    calls += 1;
    response.end("ok");
  });
  const refused = { allowPrivateAddress: false };
  for (const host of ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"]) {
    assert.deepEqual(await call(`http://${host}:${server.port}/v1`, refused), ["address_refused"], host);
  }
  assert.deepEqual(await call(`http://localhost:${server.port}/v1`, refused), ["EADDRREFUSED"]);
  assert.equal(calls, 0);
  assert.deepEqual(await call(`http://localhost:${server.port}/v1`), ["sent", "status 200", "data ok", "end"]);
});

test("every connection has its name looked up anew, and a private address that turns up beside public ones is never called", async () => {
  let calls = 0;
  await using server = await serve((_request, response) => {
    calls += 1;
    response.end("ok");
  });
  const loopback = { address: "127.0.0.1", family: 4 };
  const names: string[] = [];
  const connections = new ProviderConnections(4, (name, _options, done) => {
    names.push(name);
    done(null, names.length === 1 ? [{ address: "93.184.215.14", family: 4 }, loopback] : [loopback]);
  });
  const url = `http://provider.example:${server.port}/v1`;
  const heard = await Promise.all([1, 2].map(() => call(url, { allowPrivateAddress: false }, "", connections)));
  assert.deepEqual(heard, [["EADDRREFUSED"], ["EADDRREFUSED"]]);
  assert.deepEqual([names, calls], [["provider.example", "provider.example"], 0]);
});

test("the key goes to the provider; attempt ids as their own header only to a simulated one; redirects are not followed", async () => {
  const seen: IncomingMessage[] = [];
  await using server = await serve((request, response) => {
    seen.push(request);
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  const url = `http://127.0.0.1:${server.port}/base/v1/`;
  assert.deepEqual(await call(url, {}, "sk-1"), ["sent", "status 307", "end"]);
  await call(url, { simulated: true });
  assert.equal(seen.length, 2);
  const [real, simulated] = seen;
  assert.deepEqual([real?.url, real?.headers.authorization], ["/base/v1/chat/completions", "Bearer sk-1"]);
  assert.deepEqual([real?.headers["x-request-id"], real?.headers["x-waybill-attempt-id"]], ["r.1", undefined]);
  assert.deepEqual([simulated?.headers.authorization, simulated?.headers["x-waybill-attempt-id"]], [undefined, "r.1"]);
  assert.equal(simulated?.headers.traceparent, ids.traceparent);
});

test("a trace goes on to a simulated provider and into the own network, never to a public one", () => {
  const headersFor = (changes: Partial<ProviderConfig>): string[] => {
    const config = ProviderConfig.fromPartial({ id: "p", baseUrl: "https://api.example.com/v1", ...changes });
    return callHeaders(upstreamOf(config, "sk-1"), ids);
  };
  for (const changes of [{ simulated: true }, { allowPrivateAddress: true }]) {
    const headers = headersFor(changes);
    assert.equal(headers[headers.indexOf("traceparent") + 1], ids.traceparent, JSON.stringify(changes));
  }
  const headers = headersFor({});
  assert.ok(!headers.includes("traceparent") && !headers.includes(ids.traceparent));
});

test("a refused connection was not sent; one that ends without an answer was", async () => {
  const silent = createTcpServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const events = await call(`http://127.0.0.1:${port}/v1`);
  assert.equal(events[0], "sent");
  assert.equal(events.length, 2);
  await new Promise((resolve) => silent.close(resolve));
  assert.deepEqual(await call(`http://127.0.0.1:${port}/v1`), ["ECONNREFUSED"]);
});

test("a call that is ended before it is connected writes nothing", async () => {
  let calls = 0;
  await using server = await serve((_request, response) => {
    calls += 1;
    response.end("ok");
  });
  const connections = new ProviderConnections(4);
  const config = ProviderConfig.fromPartial({
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    allowPrivateAddress: true,
  });
  const upstream = upstreamOf(config, "");
  const events: string[] = [];
  const note = (name: string) => (): void => void events.push(name);
  const ended = {
    onSent: note("sent"),
    onHeaders: note("headers"),
    onData: note("data"),
    onEnd: note("end"),
    onError: note("error"),
  };
  connections.call(upstream, request, ids, ended).abort();
  await call(`http://127.0.0.1:${server.port}/v1`);
  assert.deepEqual([events, calls], [[], 1]);
  await connections.close();
});

test("a base URL that cannot be called is refused, and no key is ever in the sentence", () => {
  for (const baseUrl of ["", "ftp://x/v1", "https://user:pw@x/v1", "https://x/v1?key=1"]) {
    const config = ProviderConfig.fromPartial({ id: "p", baseUrl });
    assert.throws(() => upstreamOf(config, "sk-1"), /^Error: the base URL of p/);
  }
  const config = ProviderConfig.fromPartial({ id: "p", baseUrl: "https://x/v1" });
  assert.throws(
    () => upstreamOf(config, "sk-1\nx"),
    (error: Error) => !error.message.includes("sk-1"),
  );
  const west = { id: "west", weight: 1, baseUrl: "https://y/v1?key=1" };
  const withAccounts = ProviderConfig.fromPartial({ id: "p", baseUrl: "https://x/v1", accounts: [west] });
  assert.throws(() => upstreamOf(withAccounts, "sk-1"), /^Error: the base URL of the account west of p must not hold/);
  assert.equal(upstreamOf(config, "sk-1").mask("no such key: sk-1"), "no such key: ***");
  assert.equal(upstreamOf(config, "").mask("as it is"), "as it is");
});
