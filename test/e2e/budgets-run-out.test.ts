// What a request meets at a budget that has no room for it: a refusal, the route's fallback, or a cheaper model; and what it meets
// while budgets cannot be asked. What costs nothing is reached whatever a budget says.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { type Admin, adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { bookedAttempts } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const providers = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-dear, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "100", output: "400"}}
      - {name: scripted-cheap, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-free, contextWindowTokens: 200000, maxOutputTokens: 4096, price: {input: "0", output: "0"}}
`;
const model = (name: string): string => `scripted/scripted-${name}`;
/** A cent: room for some calls of the cheap model, for none of the dear one. */
const LIMIT_PICO_USD = "10000000000";

const ROUTE = {
  nodes: [
    { id: "start", kind: "start", next: "dear" },
    { id: "dear", kind: "model", model: model("dear"), next: "end", fallback: "cheap" },
    { id: "cheap", kind: "model", model: model("cheap"), next: "end", fallback: "free" },
    { id: "free", kind: "model", model: model("free"), next: "end" },
    { id: "end", kind: "end" },
  ],
};

let stack: TestStack;
let admin: Admin;
const keyOf: Record<string, string> = {};

before(async () => {
  stack = await startStack({ replicas: { console: 1 }, waybillYaml: providers });
  admin = adminOf(stack);
  const made = await admin("POST", "/api/v1/routes", { name: "line", document: ROUTE, deploy: true });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const keys = Object.values(stack.keys).filter((key) => key.startsWith("wb_"));
  for (const [index, policy] of ["refuse", "fallback", "downgrade"].entries()) {
    const key = keys[index] ?? assert.fail("the demo has three keys");
    keyOf[policy] = key;
    await stack.sql(
      `INSERT INTO budget.budget
         (id, name, organisation_id, key_id, limit_pico_usd, window_kind, on_exhausted, when_away)
       VALUES ($1, $1, 'acme', $2, $3, 'total', $1, $4)`,
      [policy, key.split("_")[1], LIMIT_PICO_USD, policy === "refuse" ? "downgrade" : "deny"],
    );
  }
  // Cheaper models, but not the free one.
  await stack.sql("UPDATE accounts.virtual_key SET allowed_models = $2 WHERE key_id = $1", [
    keyOf.downgrade?.split("_")[1],
    [model("dear"), model("cheap")],
  ]);
  // Routers hear of new budgets within a second.
  await eventually(async () => (await serve("refuse", model("dear"))).status === 402, {
    reason: "the budgets bind",
    timeoutMs: 10_000,
  });
});
after(() => stack[Symbol.asyncDispose]());

async function serve(policy: string, asked: string): Promise<{ status: number; model: string; code: string }> {
  const answer = await ask(stack, { model: asked, key: keyOf[policy] ?? "", fields: { max_tokens: 100 } });
  const body = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, model: answer.headers.get("x-waybill-model") ?? "", code: body.error?.code ?? "" };
}
const served = (name: string) => ({ status: 200, model: `scripted-${name}`, code: "" });
const refused = { status: 402, model: "", code: "budget_exceeded" };

describe("a budget without room", () => {
  it("that refuses lets pass only what costs nothing", async () => {
    assert.deepEqual(await serve("refuse", model("dear")), refused);
    assert.deepEqual(await serve("refuse", "dynamic/line"), served("free"));
    assert.deepEqual(await serve("refuse", model("free")), served("free"));
    assert.deepEqual(await serve("refuse", model("cheap")), served("cheap"), "there is room for it");
  });

  it("that falls back goes on with the route", async () => {
    assert.deepEqual(await serve("fallback", "dynamic/line"), served("cheap"));
    assert.deepEqual(await serve("fallback", model("dear")), refused, "no route, no fallback");
  });

  it("that downgrades takes the cheapest that the key may use and that fits, and the record says so", async () => {
    const answer = await ask(stack, { model: model("dear"), key: keyOf.downgrade ?? "", fields: { max_tokens: 100 } });
    assert.equal(answer.headers.get("x-waybill-model"), "scripted-cheap", await answer.text());
    const detail = await eventually(
      async () => {
        const { status, body } = await admin("GET", `/api/v1/requests/${answer.headers.get("x-request-id")}`);
        return status === 200 && body.decisions.length > 0 ? body.decisions[0] : undefined;
      },
      { reason: "the decision is kept", timeoutMs: 10_000 },
    );
    assert.deepEqual(detail.explanation.path.slice(-1), ["downgrade"]);
    assert.match(JSON.stringify(detail.explanation.candidates), /budget downgrade: needs \d+, left \d+ pico-USD/);
  });

  it("never was passed, and every call is on the books", async () => {
    await eventually(
      async () => {
        const rows = await stack.sql<{ held: string; over: boolean }>(
          "SELECT held_pico_usd::text AS held, posted_pico_usd > limit_pico_usd AS over FROM budget.budget_window",
        );
        return rows.every(({ held, over }) => held === "0" && !over);
      },
      { reason: "nothing is held", timeoutMs: 15_000 },
    );
    const calls = stack.provider.log.entries().map(({ attemptId }) => attemptId);
    await eventually(async () => (await bookedAttempts(stack)).length >= calls.length, {
      reason: "every call is booked",
      timeoutMs: 15_000,
    });
    assert.deepEqual((await bookedAttempts(stack)).map(({ attempt_id }) => attempt_id).sort(), calls.sort());
  });
});
