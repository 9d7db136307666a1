import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  Health,
  Metrics,
  makeLog,
  readConfig,
  type ServiceScope,
  secret,
  startTracing,
  systemClock,
} from "@waybill/service";
import type { Webhook } from "../core/content-filters.ts";
import { makeAskWebhook } from "./ask-webhook.ts";

const NOW = 1_700_000_000_000;
const asked = { where: "input" as const, requestId: "r", texts: ["hello"] };

/** Asks a webhook that answers so. */
async function askOf(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  changes: Partial<Webhook> = {},
) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const scope: ServiceScope = {
    ...{ serviceId: "ingress-1", log: makeLog("ingress", "ingress-1", "silent"), health: new Health() },
    ...{ metrics: new Metrics(), tracing: await startTracing("ingress", "", 0), onStop: () => {}, fail: () => {} },
  };
  const settings = { SECRET: secret({ meaning: "x" }) };
  const { SECRET } = readConfig(settings, { SECRET: "s3cret" });
  const ask = makeAskWebhook(SECRET, scope, { ...systemClock, unixMs: () => NOW });
  const webhook: Webhook = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/moderate`, timeoutMs: 2_000 },
    ...{ allowPrivateAddress: true, buffer: false, filter: "mod", action: "block" },
    unchecked: { filter: "mod", kind: "unchecked", action: "block" },
    ...changes,
  };
  try {
    return await ask(webhook, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const json = (value: unknown) => (_: IncomingMessage, response: ServerResponse) =>
  void response.end(JSON.stringify(value));
const refused = (promise: Promise<unknown>, reason: string): Promise<void> =>
  assert.rejects(promise, { message: reason });

test("a question has the texts and a signature over its time and body; its answer is flagged and why", async () => {
  let signature = "";
  let question = "";
  const answer = await askOf((request, response, body) => {
    signature = String(request.headers["x-waybill-signature"]);
    question = body;
    assert.deepEqual([request.method, request.url], ["POST", "/moderate"]);
    response.end('{"flagged":true,"kinds":["hate"]}');
  });
  assert.deepEqual(answer, { flagged: true, kinds: ["hate"] });
  assert.deepEqual(JSON.parse(question), { filter: "mod", where: "input", request_id: "r", texts: ["hello"] });
  const hash = createHmac("sha256", "s3cret")
    .update(`${NOW / 1_000}.${question}`)
    .digest("hex");
  assert.equal(signature, `t=${NOW / 1_000},v1=${hash}`);
});

test("kinds may be left out", async () =>
  assert.deepEqual(await askOf(json({ flagged: false })), { flagged: false, kinds: [] }));

test("what is no answer is none, for a reason", async () => {
  await refused(askOf(json({ flagged: "yes" })), "unreadable");
  await refused(askOf(json({ flagged: true, kinds: [1] })), "unreadable");
  await refused(askOf(json(null)), "unreadable");
  await refused(
    askOf((_, response) => void response.end("<html>")),
    "unreadable",
  );
  await refused(askOf(json("x".repeat(70_000))), "too_large");
  await refused(
    askOf((_, response) => void response.writeHead(500).end()),
    "status",
  );
  await refused(
    askOf((_, response) => void response.writeHead(302, { location: "http://127.0.0.1/" }).end()),
    "status",
  );
});

test("neither silence nor an answer that never ends holds a request longer than its time", async () => {
  await refused(
    askOf(() => {}, { timeoutMs: 100 }),
    "timeout",
  );
  await refused(
    askOf((_, response) => void response.write('{"flag'), { timeoutMs: 100 }),
    "timeout",
  );
});

test("private addresses are refused unless they are allowed, by address and by name", async () => {
  const never = () => assert.fail("it was asked");
  await refused(askOf(never, { allowPrivateAddress: false }), "address_refused");
  await refused(askOf(never, { allowPrivateAddress: false, url: "http://localhost:9/x" }), "address_refused");
});
