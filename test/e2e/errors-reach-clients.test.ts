// Codes of the catalogue, each by what really causes it, as clients of both surfaces see them: status, words, ids, and no attempt
// left unbooked. What is refused before a request is one is in every-route/ and hostile-connections.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ERRORS, type ErrorCode } from "@waybill/domain";
import { eventually, freePort, type Script } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { booksAreRight } from "../stack/books.ts";
import { exchange, head, type RawAnswer } from "../stack/raw-http.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { type ErrorForm, refusalOf } from "./every-route/refusals.ts";

const SURFACES: readonly (readonly [form: ErrorForm, path: string])[] = [
  ["openai", "/v1/chat/completions"],
  ["anthropic", "/v1/messages"],
];
const NOBODY_PORT = await freePort();
const TOTAL_MS = 1_000;

interface Case {
  code: ErrorCode;
  /** Default: scripted-1. */
  model?: string;
  key?: string;
  fields?: Record<string, unknown>;
  script?: Script;
  /** Calls of a provider, or of what is not there. Default 0. */
  attempts?: number;
  /** Only of this surface's clients. */
  only?: ErrorForm;
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
  { code: "hold_unbounded", fields: { service_tier: "priority" }, only: "openai" },
  { code: "route_without_model", model: "dynamic/nowhere" },
  { code: "invalid_value", fields: { max_tokens: "many" } },
  { code: "not_translatable", model: "claude/scripted-claude", fields: { n: 2 }, only: "openai", attempts: 1 },
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
const ownModel = (form: ErrorForm, each: Case): string => `scripted-${form}-${CASES.indexOf(each)}`;
const SCRIPTED = SURFACES.flatMap(([form]) => CASES.filter(({ script }) => script).map((each) => ownModel(form, each)));

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
  const body = JSON.stringify({ model, messages, max_tokens: 10, ...fields });
  const headers = {
    authorization: `Bearer ${stack.keys[key]}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return exchange(stack.url, head("POST", path, headers) + body);
}

const said = (code: ErrorCode): string => `${ERRORS[code].httpStatus} ${code}`;

for (const [form, path] of SURFACES) {
  describe(`clients of ${path} hear`, () => {
    for (const each of CASES.filter(({ only = form }) => only === form)) {
      it(`${said(each.code)}${each.script ? ", because of the provider" : ""}`, async () => {
        const own = ownModel(form, each);
        if (each.script) stack.provider.setForModel(own, each.script);
        const model = each.model ?? (each.script ? `scripted/${own}` : undefined);
        const heard = await refused(form, path, { ...each, ...(model && { model }) });
        attempts += each.attempts ?? 0;
        assert.equal(heard, said(each.code));
      });
    }
  });
}

describe("with every attempt on the books,", () => {
  it("nothing is held, and nothing was called that is not booked", async () => {
    await booksAreRight(stack, { attempts });
  });
});

describe("once a limit of the route is used up,", () => {
  // Its counter is a budget of another unit than money, so the sums of all budgets are compared before.
  it(`clients of both hear ${said("limit_exceeded")}`, async () => {
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
