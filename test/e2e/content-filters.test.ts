// Content filters in a whole Waybill, by the official clients: what reaches a provider, what comes back, what is recorded and booked, and
// that what was found stands nowhere.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import type { APIError } from "openai";
import { type Admin, adminOf, routeTo } from "../stack/admin.ts";
import { ANTHROPIC_SDKS, anthropicClient } from "../stack/anthropic.ts";
import { ask, openaiClient, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { type Recorder, startRecorder } from "../stack/recorder.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const EMAIL = "jane.doe@secret-place.example";
const CARD = "4242 4242 4242 4242";
const TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";

const yaml = (url: string, hook: string): string => `
providers:
  - id: claude
    dialect: anthropic
    baseUrl: ${url}
    allowPrivateAddress: true
    models: &models
      - {name: scripted-1, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
  - id: other
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models: *models
contentFilters:
  - {id: secrets, where: [input, output], action: block, detect: {secrets: true}, always: true}
  - {id: pii, where: [input, output], action: redact, detect: {pii: [email, credit_card]}}
  - {id: look, where: [input, output], action: flag, detect: {keywords: [falcon]}}
  - {id: moderated, where: [input, output], action: block, detect: {webhook: &hook {url: "${hook}", timeoutMs: 400, allowPrivateAddress: true, buffer: true}}}
  - {id: moderated-open, where: [input], action: block, onError: open, detect: {webhook: *hook}}
  - {id: badge, where: [input], action: block, detect: {pattern: '\\bEMP-\\d{4}\\b'}}
`;
const DIRECT = "other/scripted-1";
const NATIVE = "claude/scripted-1";

let stack: TestStack;
let recorder: Recorder;
let moderation: Moderation;
let admin: Admin;
let attempts = 0;

before(async () => {
  recorder = await startRecorder();
  moderation = await startModeration();
  stack = await startStack({
    replicas: { console: 1 },
    env: { all: { WAYBILL_LOG_LEVEL: "debug" }, ingress: { WAYBILL_FILTER_WEBHOOK_SECRET: "for-the-webhook" } },
    waybillYaml: (url) => yaml(recorder.before(url), moderation.url),
  });
  admin = adminOf(stack);
  await makeRoute("careful", ["pii", "look", "badge"], DIRECT);
  await makeRoute("moderated", ["moderated", "pii"], DIRECT);
  await makeRoute("moderated-open", ["moderated-open"], DIRECT);
  await makeRoute("careful-claude", ["pii"], NATIVE);
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await recorder[Symbol.asyncDispose]();
  await moderation[Symbol.asyncDispose]();
});

interface Moderation extends AsyncDisposable {
  readonly url: string;
  readonly asked: { where: string; texts: string[] }[];
  readonly signatures: string[];
  isSilent: boolean;
}

/** A service of the operator's own that flags hate. */
async function startModeration(): Promise<Moderation> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const question = JSON.parse(body);
      service.asked.push(question);
      service.signatures.push(String(request.headers["x-waybill-signature"]));
      const flagged = question.texts.some((text: string) => text.includes("hate"));
      if (!service.isSilent) response.end(JSON.stringify({ flagged, kinds: flagged ? ["hate"] : [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const service: Moderation = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/moderate`,
    ...{ asked: [], signatures: [], isSilent: false },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

function routeWith(filters: readonly string[], model: string): object {
  const { nodes } = routeTo(model);
  return { nodes: nodes.map((node) => (node.kind === "start" ? { ...node, filters } : node)) };
}

async function makeRoute(name: string, filters: readonly string[], model: string): Promise<void> {
  const document = routeWith(filters, model);
  const { status, body } = await admin("POST", "/api/v1/routes", { name, document, deploy: true });
  assert.equal(status, 201, JSON.stringify(body));
}

/** What the model says next, in a stream in so many pieces. */
function says(text: string, more: object = {}): void {
  attempts += 1;
  stack.provider.setForModel("scripted-1", { text, chunks: 12, bytesPerWrite: 9, ...more });
}

const chat = (model: string, content: string) => ({ model, messages: [{ role: "user" as const, content }] });

/** The error a promise ends with. */
async function errorOf(promise: PromiseLike<unknown>): Promise<APIError> {
  const error = await promise.then(
    () => assert.fail("it was answered"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error);
  return error as APIError;
}

/** The first decision of a request, as it is recorded. */
function recorded(requestId: string) {
  return eventually(
    async () => {
      const { body } = await admin("GET", `/api/v1/requests/${requestId}`);
      return body.decisions?.[0];
    },
    { reason: `the decision of ${requestId}`, timeoutMs: 15_000, intervalMs: 100 },
  );
}

describe("what goes to a model", () => {
  it("is redacted on a route that names the filter: the provider never sees it, and the headers say how much it was", async () => {
    says("ok");
    const { data, response } = await openaiClient(stack)
      .chat.completions.create({
        model: "dynamic/careful",
        messages: [
          { role: "system", content: `Write to ${EMAIL}.` },
          { role: "user", content: [{ type: "text", text: `My card is ${CARD}` }] },
          {
            role: "assistant",
            tool_calls: [
              { id: "call_1", type: "function", function: { name: "pay", arguments: '{"card":4242424242424242}' } },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: `sent to ${EMAIL}` },
        ],
      })
      .withResponse();
    assert.equal(data.choices[0]?.message.content, "ok");
    assert.equal(response.headers.get("x-waybill-filters"), "pii:redacted(4)");
    const sent = JSON.parse(recorder.bodies.at(-1) ?? "");
    assert.equal(sent.messages[0].content, "Write to [email].");
    assert.equal(sent.messages[1].content[0].text, "My card is [credit_card]");
    assert.equal(sent.messages[2].tool_calls[0].function.arguments, '{"card":"[credit_card]"}');
    assert.equal(sent.messages[3].content, "sent to [email]");
    const decision = await recorded(response.headers.get("x-request-id") ?? "");
    assert.deepEqual(
      decision.features.filterFindings.map(({ filter, kind, action, count }: Record<string, unknown>) => [
        ...[filter, kind, action, count],
      ]),
      [
        ["pii", "email", "redact", 2],
        ["pii", "credit_card", "redact", 2],
      ],
    );
  });

  it("passes byte for byte where nothing is found, and is only noted where a filter flags", async () => {
    says("ok");
    const body = `{"model":"dynamic/careful", "x_new": 1.50,"messages":[{"role":"user","content":"the FALCON \\u00e4"}]}`;
    const answer = await fetch(`${stack.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json" },
      body,
    });
    assert.equal(answer.status, 200, await answer.text());
    assert.equal(answer.headers.get("x-waybill-filters"), "look:flagged(1)");
    assert.ok(recorder.bodies.at(-1)?.includes(body.slice(body.indexOf(', "x_new"'))));
  });

  it("is blocked without a call, a hold or a booking, in each client's words, and the decision is recorded", async () => {
    const calls = recorder.bodies.length;
    const blocked = await errorOf(
      openaiClient(stack).chat.completions.create(chat("dynamic/careful", "I am EMP-1234")),
    );
    assert.deepEqual([blocked.status, blocked.code, blocked.type], [400, "content_filtered", "invalid_request_error"]);
    assert.match(blocked.message, /blocked by a content filter of this gateway: badge \(pattern\)/);
    assert.doesNotMatch(blocked.message, /EMP/);
    const decision = await recorded(blocked.requestID ?? "");
    assert.equal(decision.explanation.refusal.code, "content_filtered");
    for (const [, Sdk] of ANTHROPIC_SDKS) {
      const messages = [{ role: "user" as const, content: `the key is ${TOKEN}` }];
      const error = await errorOf(
        anthropicClient(stack, Sdk).messages.create({ model: NATIVE, max_tokens: 9, messages }),
      );
      assert.equal(error.status, 400);
      assert.match(error.message, /invalid_request_error.*secrets \(github_token\).*content_filtered/);
    }
    assert.equal(recorder.bodies.length, calls);
  });

  it("has to pass the filters for everything also by a model's own name", async () => {
    const error = await errorOf(openaiClient(stack).chat.completions.create(chat(DIRECT, `use ${TOKEN}`)));
    assert.equal(error.code, "content_filtered");
    says("ok");
    const { response } = await openaiClient(stack).chat.completions.create(chat(DIRECT, EMAIL)).withResponse();
    assert.equal(response.headers.get("x-waybill-filters"), null);
    assert.ok(recorder.bodies.at(-1)?.includes(EMAIL));
  });

  it("above 64 KiB reaches its worker redacted, too", async () => {
    says("ok");
    const long = `${"The parcel is on its way. ".repeat(6_000)}${EMAIL}`;
    await openaiClient(stack).chat.completions.create(chat("dynamic/careful", long));
    const sent = recorder.bodies.at(-1) ?? "";
    assert.ok(sent.length > 150_000 && sent.includes("way. [email]") && !sent.includes(EMAIL));
  });
});

describe("what comes back", () => {
  const said = `Write to ${EMAIL}, or pay with ${CARD}. Bye.`;
  const shown = "Write to [email], or pay with [credit_card]. Bye.";

  it("is redacted in a whole answer, for either client", async () => {
    says(said);
    const { data, response } = await openaiClient(stack)
      .chat.completions.create(chat("dynamic/careful", "hi"))
      .withResponse();
    assert.equal(data.choices[0]?.message.content, shown);
    assert.equal(response.headers.get("x-waybill-filters"), "pii:redacted(2)");
    says(said);
    const message = await anthropicClient(stack).messages.create({
      ...{ model: "dynamic/careful-claude", max_tokens: 50, messages: [{ role: "user", content: "hi" }] },
    });
    assert.deepEqual(
      message.content.map((block) => block.type === "text" && block.text),
      [shown],
    );
  });

  it("is redacted in a stream, however the finding was cut", async () => {
    for (const chunks of [1, 7, 40, 80]) {
      says(said, { chunks });
      const end = await readStream(await ask(stack, { model: "dynamic/careful", stream: true }));
      assert.deepEqual([end.text, end.done, end.errorCode], [shown, true, undefined], `${chunks} chunks`);
    }
    for (const model of ["dynamic/careful-claude", "dynamic/careful"]) {
      says(said, { chunks: 23, toolCalls: [{ name: "mail", arguments: `{"to":"${EMAIL}"}` }] });
      const message = await anthropicClient(stack)
        .messages.stream({ model, max_tokens: 50, messages: [{ role: "user", content: "hi" }] })
        .finalMessage();
      assert.deepEqual(
        message.content.map((block) => (block.type === "text" ? block.text : block.type === "tool_use" && block.input)),
        [shown, { to: "[email]" }],
      );
    }
  });

  it("is withheld when a filter blocks it; the call is booked all the same", async () => {
    says(`the key is ${TOKEN}`);
    const error = await errorOf(openaiClient(stack).chat.completions.create(chat(DIRECT, "hi")));
    assert.deepEqual([error.status, error.code], [400, "content_filtered"]);
    assert.match(error.message, /The answer was blocked.*secrets \(github_token\)/);
    assert.equal(error.headers?.get("x-waybill-filters"), "secrets:blocked(1)");
    await eventually(
      async () => {
        const { body } = await admin("GET", `/api/v1/requests/${error.requestID}`);
        const { cost, answerFindings } = body.decisions?.[0] ?? {};
        if (!cost || !(Number(cost.costUsd) > 0) || answerFindings.length === 0) return undefined;
        assert.deepEqual(answerFindings, [{ filter: "secrets", kind: "github_token", action: "block", count: 1 }]);
        return true;
      },
      { reason: "the withheld answer is booked, and what was found in it stands beside it", timeoutMs: 15_000 },
    );
  });

  it("ends a stream with an error and no end mark when a filter blocks it, for either client", async () => {
    const text = `${"So it goes on. ".repeat(10)}And the key is ${TOKEN} and so on.`;
    says(text, { chunks: 60 });
    const end = await readStream(await ask(stack, { model: DIRECT, stream: true }));
    assert.deepEqual([end.done, end.errorCode, end.finishReason], [false, "content_filtered", undefined]);
    assert.ok(text.startsWith(end.text) && !end.text.includes("ghp_"), end.text);
    says(text, { chunks: 60 });
    const stream = anthropicClient(stack).messages.stream({
      ...{ model: NATIVE, max_tokens: 50, messages: [{ role: "user", content: "hi" }] },
    });
    const error = await errorOf(stream.finalMessage());
    assert.match(error.message, /content_filtered/);
  });
});

describe("a webhook", () => {
  it("sees redacted texts of the request and of the answer, whole or streamed, and lets pass what it does not flag", async () => {
    for (const stream of [false, true]) {
      says(`Hello ${EMAIL}`, { chunks: 9 });
      const fields = { messages: [{ role: "user", content: `I am ${EMAIL}` }] };
      const answer = await ask(stack, { model: "dynamic/moderated", stream, fields });
      const text = stream
        ? (await readStream(answer)).text
        : ((await answer.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
      assert.equal(text, "Hello [email]");
      assert.deepEqual(
        moderation.asked.splice(0).map(({ where, texts }) => [where, texts]),
        [
          ["input", ["I am [email]"]],
          ["output", ["Hello [email]"]],
        ],
      );
    }
    assert.ok(moderation.signatures.every((signature) => /^t=\d+,v1=[0-9a-f]{64}$/.test(signature)));
  });

  it("blocks what it flags, before the call and after it", async () => {
    const calls = recorder.bodies.length;
    const input = await errorOf(openaiClient(stack).chat.completions.create(chat("dynamic/moderated", "so much hate")));
    assert.deepEqual([input.status, input.code], [400, "content_filtered"]);
    assert.match(input.message, /moderated \(hate\)/);
    assert.equal(recorder.bodies.length, calls);
    says("such hate");
    const plain = await errorOf(openaiClient(stack).chat.completions.create(chat("dynamic/moderated", "hi")));
    assert.match(plain.message, /The answer was blocked.*moderated \(hate\)/);
    says("such hate");
    const end = await readStream(await ask(stack, { model: "dynamic/moderated", stream: true }));
    assert.deepEqual([end.status, end.text, end.done], [400, "", false]);
  });

  it("that gives no answer in time blocks where its filter is closed, lets pass where it is open, and is counted", async () => {
    moderation.isSilent = true;
    const error = await errorOf(openaiClient(stack).chat.completions.create(chat("dynamic/moderated", "hi")));
    assert.match(error.message, /moderated \(unchecked\)/);
    says("ok");
    const { response } = await openaiClient(stack)
      .chat.completions.create(chat("dynamic/moderated-open", "hi"))
      .withResponse();
    assert.equal(response.headers.get("x-waybill-filters"), "moderated-open:flagged(1)");
    const [ingress] = stack.of("ingress");
    const metrics = (await ingress?.metrics()) ?? "";
    assert.match(
      metrics,
      /waybill_ingress_filter_webhook_failures_total\{[^}]*filter="moderated"[^}]*reason="timeout"[^}]*\} 1/,
    );
    moderation.isSilent = false;
  });
});

describe("filters as configuration", () => {
  it("a route that names a filter that does not exist is refused when it is saved", async () => {
    const document = routeWith(["pii", "nobody"], DIRECT);
    const { status, body } = await admin("POST", "/api/v1/routes", { name: "wrong", document, deploy: true });
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(JSON.stringify(body), /there is no content filter nobody/);
  });
});

it("every call is on the books, whatever became of its answer", async () => {
  await booksAreRight(stack, { attempts });
});

it("metrics count what was found; no log and no record holds it", async () => {
  const [ingress] = stack.of("ingress");
  const metrics = (await ingress?.metrics()) ?? "";
  assert.match(metrics, /waybill_ingress_filter_findings_total\{[^}]*filter="pii"[^}]*kind="email"[^}]*\} \d+/);
  const records = await stack.sql<{ count: bigint }>(
    `SELECT count(*) AS count FROM requests.decision WHERE ${[EMAIL, CARD, TOKEN, "EMP-1234"]
      .map((_, index) => `position(convert_to($${index + 1}::text, 'UTF8') in record) > 0`)
      .join(" OR ")}`,
    [EMAIL, CARD, TOKEN, "EMP-1234"],
  );
  assert.equal(Number(records[0]?.count), 0);
  const names = (await readdir(stack.folder)).filter((name) => name.endsWith(".log") && name !== "postgres.log");
  assert.ok(names.some((name) => name.startsWith("ingress")));
  for (const name of names) {
    const log = await readFile(join(stack.folder, name), "utf8");
    for (const secret of [EMAIL, "4242", TOKEN, "EMP-1234"])
      assert.ok(!log.includes(secret), `${secret} stands in ${name}`);
  }
});
