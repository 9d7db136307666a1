// Codes of the catalogue, each by what really causes it, as clients of three surfaces see them: status, words, ids, and no attempt
// left unbooked; and those that only records know, of clients that leave or read nothing. What is refused before a request is one is
// in every-route/ and hostile-connections.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ERRORS, type ErrorCode } from "@waybill/domain";
import { type CallEntry, eventually, freePort, type Script } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { bookedAttempts, booksAreRight } from "../stack/books.ts";
import { dial, exchange, head, type RawAnswer } from "../stack/raw-http.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { type ErrorForm, refusalOf } from "./every-route/refusals.ts";

const SURFACES: readonly (readonly [form: ErrorForm, path: string])[] = [
  ["openai", "/v1/chat/completions"],
  ["anthropic", "/v1/messages"],
  ["openai", "/v1/responses"],
];
const NOBODY_PORT = await freePort();
const TOTAL_MS = 1_000;
const SLOW_BYTES = 32 * 1024 * 1024;

interface Case {
  code: ErrorCode;
  /** Default: scripted-1. */
  model?: string;
  key?: string;
  fields?: Record<string, unknown>;
  script?: Script;
  /** Calls of a provider, or of what is not there. Default 0. */
  attempts?: number;
  /** Only of these surfaces' clients. */
  only?: readonly string[];
}

const status = (of: number, message: string, more: object = {}): Script => ({
  fault: { kind: "status", status: of, body: JSON.stringify({ error: { message, type: "x", ...more } }) },
});

const CASES: readonly Case[] = [
  { code: "model_not_found", model: "scripted/nothing" },
  { code: "model_not_allowed", key: "support_2", model: "scripted/scripted-small" },
  { code: "context_length_exceeded", model: "scripted/scripted-small", fields: { system: "a", user: "b" } },
  // Its input alone may cost more than the 2 cents that the team has.
  { code: "budget_exceeded", key: "research_1", fields: { messages: [{ role: "user", content: "a".repeat(40_000) }] } },
  { code: "price_unknown", model: "scripted/scripted-unpriced" },
  { code: "hold_unbounded", fields: { service_tier: "priority" }, only: ["/v1/chat/completions", "/v1/responses"] },
  { code: "route_without_model", model: "dynamic/nowhere" },
  { code: "invalid_value", fields: { max_tokens: "many" } },
  {
    ...{ code: "not_translatable", model: "claude/scripted-claude", attempts: 1 },
    ...{ fields: { n: 2 }, only: ["/v1/chat/completions"] },
  },
  {
    ...{ code: "not_translatable", model: "claude/scripted-claude", attempts: 1 },
    ...{ fields: { tools: [{ type: "custom", name: "f" }] }, only: ["/v1/responses"] },
  },
  { code: "upstream_rejected", script: status(400, "no"), attempts: 1 },
  { code: "content_filter", script: status(400, "no", { code: "content_filter" }), attempts: 1 },
  {
    code: "context_length_exceeded",
    script: status(400, "too long", { code: "context_length_exceeded" }),
    attempts: 1,
  },
  { code: "upstream_auth", script: status(401, "who"), attempts: 1 },
  { code: "upstream_rate_limited", script: status(429, "slow"), attempts: 1 },
  { code: "upstream_error", script: status(500, "oh"), attempts: 1 },
  { code: "upstream_malformed", script: { fault: { kind: "malformed_json" } }, attempts: 1 },
  { code: "upstream_truncated", script: { chunks: 8, fault: { kind: "cut_after", chunk: 4 } }, attempts: 1 },
  { code: "upstream_timeout", model: "dynamic/impatient", attempts: 1 },
  { code: "upstream_unreachable", model: "nobody/gone", attempts: 1 },
];

/** A model that fails is left alone for a while: each case has one of its own for each surface. */
const ownModel = (path: string, each: Case): string => `scripted-${path.split("/").at(-1)}-${CASES.indexOf(each)}`;
const SCRIPTED = SURFACES.flatMap(([, path]) =>
  CASES.filter(({ script }) => script).map((each) => ownModel(path, each)),
);

const yaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
${SCRIPTED.map((name) => `      - {name: ${name}, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}`).join("\n")}
      - {name: scripted-small, contextWindowTokens: 50, maxOutputTokens: 10, price: {input: "1", output: "4"}}
      - {name: scripted-slow, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-unpriced, contextWindowTokens: 128000, maxOutputTokens: 4096}
  - id: claude
    dialect: anthropic
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-claude, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
  - id: openai
    dialect: openai
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
  - id: nobody
    dialect: openai-compatible
    baseUrl: http://127.0.0.1:${NOBODY_PORT}
    allowPrivateAddress: true
    models:
      - {name: gone, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
`;

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack({
    waybillYaml: yaml,
    replicas: { console: 1 },
    // So that the console still knows who asks while the database is away.
    env: { console: { WAYBILL_ADMIN_KEY_CACHE_MS: "600000" } },
  });
  // The second key of the team may use one model.
  await stack.sql("UPDATE accounts.virtual_key SET allowed_models = '{scripted/scripted-1}' WHERE key_id = $1", [
    stack.keys.support_2?.split("_")[1],
  ]);
  const model = { id: "model", kind: "model", model: "scripted/scripted-1", next: "end" };
  const end = { id: "end", kind: "end" };
  const window = { kind: "fixed", seconds: 3_600 };
  const limit = { id: "limit", kind: "limit", metric: "count", amount: "1", window, within: "model", exceeded: "end" };
  await makeRoute("limited", [{ id: "start", kind: "start", next: "limit" }, limit, model, end]);
  stack.provider.setForModel("scripted-slow", { fault: { kind: "hang_before_headers" } });
  const impatient = { ...model, model: "scripted/scripted-slow", timeouts: { totalMs: TOTAL_MS } };
  await makeRoute("impatient", [{ id: "start", kind: "start", next: "model" }, impatient, end]);
  await makeRoute("nowhere", [{ id: "start", kind: "start", next: "end" }, end]);
});
after(() => stack[Symbol.asyncDispose]());

async function makeRoute(name: string, nodes: object[]): Promise<void> {
  const made = await adminOf(stack)("POST", "/api/v1/routes", { name, document: { nodes }, deploy: true });
  assert.equal(made.status, 201, JSON.stringify(made.body));
}

async function refused(form: ErrorForm, path: string, given: Partial<Case>): Promise<string> {
  return refusalOf(await send(path, given), form);
}

function send(path: string, given: Partial<Case>): Promise<RawAnswer> {
  const { model = "scripted/scripted-1", key = "support_1", fields = {} } = given;
  const messages = [{ role: "user", content: "hello ".repeat(100) }];
  return exchange(stack.url, written(path, { model, messages, max_tokens: 10, ...fields }, key));
}

/** A whole request; responses have other names for two of its fields. */
function written(path: string, asked: Record<string, unknown>, key = "support_1"): string {
  const { messages, max_tokens, ...more } = asked;
  const said = path === "/v1/responses" ? { input: messages, max_output_tokens: max_tokens } : { messages, max_tokens };
  const body = JSON.stringify({ ...more, ...said });
  const headers = {
    authorization: `Bearer ${stack.keys[key]}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return head("POST", path, headers) + body;
}

const said = (code: ErrorCode): string => `${ERRORS[code].httpStatus} ${code}`;

for (const [form, path] of SURFACES) {
  describe(`clients of ${path} hear`, () => {
    for (const each of CASES.filter(({ only = [path] }) => only.includes(path))) {
      it(`${said(each.code)}${each.script ? ", because of the provider" : ""}`, async () => {
        const own = ownModel(path, each);
        if (each.script) stack.provider.setForModel(own, each.script);
        const model = each.model ?? (each.script ? `scripted/${own}` : undefined);
        const heard = await refused(form, path, { ...each, ...(model && { model }) });
        attempts += each.attempts ?? 0;
        assert.equal(heard, said(each.code));
      });
    }
  });
}

/** How a surface is served: by a provider that speaks it, and by one that does not. */
const WAYS: readonly (readonly [path: string, model: string, how: string])[] = [
  ["/v1/chat/completions", "scripted/scripted-1", "passed"],
  ["/v1/chat/completions", "claude/scripted-claude", "translated"],
  ["/v1/messages", "claude/scripted-claude", "passed"],
  ["/v1/messages", "scripted/scripted-1", "translated"],
  ["/v1/responses", "openai/scripted-1", "passed"],
  ["/v1/responses", "scripted/scripted-1", "translated"],
];
/** A provider bills what it makes until it hears that nobody wants it. */
const PROVIDER_HEARS_MS = 1_000;
const FOREVER_MS = 600_000;
const MOMENTS: readonly (readonly [when: string, stream: boolean, script: Script])[] = [
  ["before a plain answer", false, { firstTokenMs: FOREVER_MS }],
  ["before the first token of a stream", true, { firstTokenMs: FOREVER_MS }],
  ["in the middle of a stream", true, { chunks: 20, text: "wörds ".repeat(40), gapMs: FOREVER_MS }],
];

/** The newest call of a provider since there were `before`. */
const callSince = (before: number): Promise<CallEntry> =>
  eventually(() => stack.provider.log.entries()[before], { reason: "the provider is called", intervalMs: 5 });

async function bookedOf({ attemptId }: CallEntry): Promise<[outcome: string, code: string | null]> {
  const row = await eventually(
    async () => (await bookedAttempts(stack)).find(({ attempt_id: id }) => id === attemptId),
    { reason: `${attemptId} is booked`, timeoutMs: 10_000 },
  );
  return [row.outcome, row.error_code];
}

describe("a client that leaves", () => {
  for (const [path, model, how] of WAYS) {
    for (const [when, stream, script] of MOMENTS) {
      it(`${when} of ${path}, ${how}: its provider hears within a second, and what it made is booked`, async () => {
        const name = model.slice(model.indexOf("/") + 1);
        stack.provider.setForModel(name, script);
        const before = stack.provider.log.entries().length;
        using line = dial(stack.url);
        line.write(written(path, { model, stream, max_tokens: 10, messages: [{ role: "user", content: "hi" }] }));
        const call = await callSince(before);
        attempts += 1;
        if (script.chunks)
          await eventually(() => line.text.includes("w\xc3\xb6rds"), { reason: "content", intervalMs: 5 });
        else await eventually(() => call.status === 200 || !stream, { reason: "the stream has begun", intervalMs: 5 });
        const leftAtMs = Date.now();
        line.socket.destroy();
        await eventually(() => call.end !== "running", {
          reason: "the provider hears",
          intervalMs: 5,
          timeoutMs: 5_000,
        });
        assert.equal(call.end, "client_aborted");
        const heardMs = (call.endedAtMs ?? Number.NaN) - leftAtMs;
        assert.ok(heardMs <= PROVIDER_HEARS_MS, `after ${heardMs} ms`);
        assert.deepEqual(await bookedOf(call), ["partial", "client_gone"]);
        stack.provider.setForModel(name, {});
      });
    }
  }
});

describe("a client that reads nothing of its stream", () => {
  it("is cut and booked, and the stream beside it ends as if nothing were", async () => {
    const port = String(await freePort());
    const env = { WAYBILL_HTTP_PORT: port, WAYBILL_STREAM_BUFFER_BYTES_MAX: "65536" };
    const narrow = await stack.start("ingress", { env });
    const url = `http://127.0.0.1:${port}`;
    const asked = { stream: true, max_tokens: 10, messages: [{ role: "user", content: "hi" }] };
    // More than the sockets between hold.
    stack.provider.setForModel("scripted-claude", { text: "x".repeat(SLOW_BYTES), chunks: 256, gapMs: 1 });
    stack.provider.setForModel("scripted-1", { chunks: 100, gapMs: 10, text: "neighbour ".repeat(100) });
    const before = stack.provider.log.entries().length;
    using deaf = dial(url);
    deaf.socket.pause();
    deaf.write(written("/v1/messages", { ...asked, model: "claude/scripted-claude" }));
    const call = await callSince(before);
    using neighbour = dial(url);
    neighbour.write(written("/v1/chat/completions", { ...asked, model: "scripted/scripted-1" }));
    const beside = await callSince(before + 1);
    attempts += 2;
    await eventually(() => call.end !== "running", { reason: "the deaf one's call ends", timeoutMs: 10_000 });
    assert.equal(call.end, "client_aborted");
    assert.deepEqual(await bookedOf(call), ["partial", "slow_reader"]);
    deaf.socket.resume();
    await eventually(() => deaf.isClosed, { reason: "the deaf one is cut", timeoutMs: 10_000 });
    assert.ok(!deaf.text.includes("message_stop"), "what was cut does not look whole");
    const { body } = await neighbour.answer();
    assert.equal(body.match(/neighbour/g)?.length, 100);
    assert.ok((beside.endedAtMs ?? 0) > (call.endedAtMs ?? Number.NaN), "it was under way when the other was cut");
    assert.match(body, /data: \[DONE\]\n\n$/);
    stack.provider.setForModel("scripted-1", {});
    assert.equal(await narrow.terminate(), 0);
  });
});

describe("with every attempt on the books,", () => {
  it("nothing is held, and nothing was called that is not booked", async () => {
    await booksAreRight(stack, { attempts });
  });
});

describe("once a limit of the route is used up,", () => {
  // Its counter is a budget of another unit than money, so the sums of all budgets are compared before.
  it(`clients of all surfaces hear ${said("limit_exceeded")}`, async () => {
    assert.equal((await send("/v1/chat/completions", { model: "dynamic/limited" })).status, 200);
    for (const [form, path] of SURFACES) {
      assert.equal(await refused(form, path, { model: "dynamic/limited" }), said("limit_exceeded"));
    }
  });
});

describe("while a part of Waybill is away, clients hear", () => {
  const everywhereUntil = async (code: ErrorCode): Promise<void> => {
    for (const [form, path] of SURFACES) {
      await eventually(
        async () => {
          assert.equal(await refused(form, path, {}), said(code));
          return true;
        },
        { timeoutMs: 20_000, intervalMs: 100, reason: `${said(code)} at ${path}` },
      );
    }
  };

  it(`${said("usage_unavailable")} of the console without the ledger's database`, async () => {
    await stack.stopPostgres();
    const answer = await eventually(
      async () => {
        const { status: heard, body } = await adminOf(stack)("GET", "/api/v1/decisions");
        return heard === 503 ? body : undefined;
      },
      { timeoutMs: 20_000, reason: "the console says so" },
    );
    assert.equal(answer.error.code, "usage_unavailable");
    await stack.startPostgresAgain();
  });

  it(`${said("no_workers")} without a worker`, async () => {
    await Promise.all(stack.of("worker").map((worker) => worker.kill9()));
    await everywhereUntil("no_workers");
  });

  it(`${said("router_unavailable")} without a router`, async () => {
    await Promise.all(stack.of("router").map((router) => router.kill9()));
    await everywhereUntil("router_unavailable");
  });

  it(`${said("bus_unavailable")} without NATS`, async () => {
    await stack.nats.stop();
    await everywhereUntil("bus_unavailable");
  });
});
