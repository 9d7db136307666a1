// What a request near the limit of a hard budget meets: its input is counted exactly before it is refused, its answer is made shorter and the
// client is told, a dearer fallback is priced anew, and every surface refuses in its own words.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** OpenAI's dialect and a model's name of OpenAI's: so its text can be counted. The same without, for comparison. */
const yaml = (url: string): string => `
providers:
  - id: openai
    dialect: openai
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: gpt-4o, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: gpt-4o, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: dear, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "10", output: "40"}}
`;
/** 1,000 sentences: 45,000 bytes, and 10,000 tokens by o200k_base. */
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(1_000);

let stack: TestStack;
before(async () => {
  stack = await startStack({ replicas: { console: 1 }, waybillYaml: yaml });
  await stack.sql("DELETE FROM budget.budget WHERE origin = 'admin'");
});
after(() => stack[Symbol.asyncDispose]());

/** `isServed`: it has room for a small request. */
async function makeBudget(id: string, limit: string, isServed = true): Promise<void> {
  const scope = { organisationId: "acme", endUserId: id };
  const body = { id, name: id, scope, limit, window: { kind: "total" } };
  const made = await adminOf(stack)("POST", "/api/v1/budgets", body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await eventually(
    async () => {
      const answer = await ask(stack, {
        model: "scripted/gpt-4o",
        headers: { "x-user-id": id },
        fields: { max_tokens: 1 },
      });
      await answer.text();
      return isServed ? answer.headers.has("x-waybill-budget-remaining-usd") : answer.status === 402;
    },
    { timeoutMs: 3_000, reason: `${id} binds` },
  );
}

const askAs = (id: string, model: string, fields: Record<string, unknown>, path = "/v1/chat/completions") =>
  fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: {
      ...{ authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json", "x-user-id": id },
    },
    body: JSON.stringify({ model, ...fields }),
  });

const long = (more: Record<string, unknown> = {}) => ({
  ...{ max_tokens: 100, messages: [{ role: "user", content: TEXT }], ...more },
});

describe("input near a limit", () => {
  it("is counted exactly, where its model's tokenizer is known, before it is refused", async () => {
    // By its bytes it needs 4.5 cents and more; by its tokens 1.1.
    await makeBudget("exact", "0.02");
    const byBytes = await askAs("exact", "scripted/gpt-4o", long());
    const refused = (await byBytes.json()) as { error: { code: string; message: string } };
    assert.deepEqual([byBytes.status, refused.error.code], [402, "budget_exceeded"]);
    const calls = stack.provider.log.entries(0).length;
    const counted = await askAs("exact", "openai/gpt-4o", long());
    assert.equal(counted.status, 200, await counted.text());
    assert.equal(stack.provider.log.entries(0).length, calls + 1, "one call");
  });

  it("that has no room by its tokens either is refused with what it needs by them", async () => {
    // 10,001 of input, 416 of overhead and 100 of output at four times the price: 1.0817 cents; at least a few of output.
    await makeBudget("less", "0.0103");
    const refused = await askAs("less", "openai/gpt-4o", long());
    const { error } = (await refused.json()) as { error: { message: string } };
    assert.equal(refused.status, 402);
    const needed = Number(/needs at least \$(0\.\d+)/.exec(error.message)?.[1]);
    assert.ok(needed > 0.0104 && needed < 0.011, error.message);
    await makeBudget("enough", "0.0109");
    const fits = await askAs("enough", "openai/gpt-4o", long());
    assert.equal(fits.status, 200, await fits.text());
  });

  it("with tools is held by its bytes: what they become is not known", async () => {
    await makeBudget("tools", "0.02");
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
    const refused = await askAs("tools", "openai/gpt-4o", long({ tools }));
    assert.equal(refused.status, 402);
    await refused.text();
  });
});

describe("an answer near a limit", () => {
  it("is bounded by what is left, and the client is told so", async () => {
    await makeBudget("clamped", "0.002");
    const answer = await askAs("clamped", "scripted/gpt-4o", {
      ...{ max_tokens: 4_000, messages: [{ role: "user", content: "hello" }] },
    });
    assert.equal(answer.status, 200, await answer.text());
    const clamped = Number(/^(\d+)/.exec(answer.headers.get("x-waybill-max-output-tokens") ?? "")?.[1]);
    assert.ok(clamped > 0 && clamped < 500, String(answer.headers.get("x-waybill-max-output-tokens")));
    assert.equal(stack.provider.log.entries(0).at(-1)?.maxTokens, clamped, "the provider is told the same");
  });
});

describe("a fallback near a limit", () => {
  it("is priced anew: a dearer one that has no room is not called, and the client hears of money", async () => {
    // The dear one needs half a cent for its input alone.
    await makeBudget("dearer", "0.004");
    const document = {
      nodes: [
        { id: "start", kind: "start", next: "cheap" },
        { id: "cheap", kind: "model", model: "scripted/gpt-4o", fallback: "dear", next: "end" },
        { id: "dear", kind: "model", model: "scripted/dear", next: "end" },
        { id: "end", kind: "end" },
      ],
    };
    const made = await adminOf(stack)("POST", "/api/v1/routes", { name: "dearer-next", document, deploy: true });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const before = stack.provider.log.entries(0).length;
    const answer = await askAs("dearer", "dynamic/dearer-next", {
      ...{ max_tokens: 1_000, messages: [{ role: "user", content: "hello" }] },
      x_script: { fault: { kind: "status", status: 500 } },
    });
    const { error } = (await answer.json()) as { error: { code: string } };
    assert.deepEqual([answer.status, error.code], [402, "budget_exceeded"]);
    const models = stack.provider.log.entries(before).map(({ model }) => model);
    assert.ok(models.length > 0 && !models.includes("dear"), models.join());
  });
});

describe("a refusal", () => {
  it("is 402 in the words of each surface, legacy completions too", async () => {
    await makeBudget("none", "0.000001", false);
    for (const [path, fields] of [
      ["/v1/completions", { prompt: "hello", max_tokens: 100 }],
      ["/v1/responses", { input: "hello", max_output_tokens: 100 }],
      ["/v1/chat/completions", { messages: [{ role: "user", content: "hello" }], max_tokens: 100 }],
    ] as const) {
      const answer = await askAs("none", "scripted/gpt-4o", fields, path);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      assert.deepEqual([path, answer.status, error.code], [path, 402, "budget_exceeded"]);
      assert.match(error.message, /The budget "none" is used up/);
    }
    const answer = await askAs(
      "none",
      "scripted/gpt-4o",
      {
        ...{ messages: [{ role: "user", content: "hello" }], max_tokens: 100 },
      },
      "/v1/messages",
    );
    const body = (await answer.json()) as { type: string; error: { message: string } };
    assert.deepEqual([answer.status, body.type], [402, "error"]);
    assert.match(body.error.message, /The budget "none" is used up/);
  });
});
