// Answers in lines, from a server that says what it was told to.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Ending } from "../exit-codes.ts";
import { followAnswer } from "./follow-answer.ts";

async function follow(status: number, body: string): Promise<{ heard: unknown[]; end: unknown }> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const heard: unknown[] = [];
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const end = await followAnswer(url, "key", {}, (progress) => heard.push(progress)).catch((error: unknown) => error);
  server.closeAllConnections();
  server.close();
  return { heard, end };
}

test("progress is heard, and the result is the answer", async () => {
  const lines = '{"progress":{"requests":1}}\n{"progress":{"requests":2}}\n{"result":{"a":1}}\n';
  assert.deepEqual(await follow(200, lines), { heard: [{ requests: 1 }, { requests: 2 }], end: { a: 1 } });
});

test("an error is told, whether it comes at once or after a while; so is an answer that breaks off", async () => {
  const error = '{"error":{"code":"usage_unavailable","message":"The books cannot be read."}}';
  for (const [status, body, message] of [
    [503, error, /The books cannot be read.\nThe ledger is away/],
    [200, `{"progress":{}}\n${error}\n`, /The books cannot be read.\nThe ledger is away/],
    [200, '{"progress":{}}\n', /broke off/],
    [200, "<html>\n", /no JSON/],
  ] as const) {
    const { end } = await follow(status, body);
    assert.ok(end instanceof Ending);
    assert.match(end.message, message);
  }
});

test("a connection that breaks is told as one", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-length": "1000" }).write('{"progress":{}}\n', () => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await assert.rejects(
    followAnswer(url, "key", {}, () => {}),
    /cannot be reached/,
  );
  server.close();
});
