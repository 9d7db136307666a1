// A request goes in, an answer comes out, a ledger row is there: real processes, real NATS, real Postgres, official client.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectOnce } from "@waybill/store";
import { eventually } from "@waybill/testing";
import OpenAI from "openai";
import { ask, openaiClient, readStream } from "../stack/ask.ts";
import { bookedAttempts, booksAreRight, budgetBalance } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack();
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});
/** Exactly ten tokens in, four out: $0.000026 on scripted-1. */
const TEN_IN_FOUR_OUT = { inputTokens: 10, outputTokens: 4 };

describe("the main job", () => {
  it("answers the official client and books the call to the pico-dollar", async () => {
    attempts += 1;
    const {
      data,
      response,
      request_id: requestId,
    } = await openaiClient(stack)
      .chat.completions.create(
        // @ts-expect-error -- an unknown field passes through to the provider
        { model: "scripted/scripted-1", messages: [{ role: "user", content: "hi" }], x_script: TEN_IN_FOUR_OUT },
        { headers: { "x-user-id": "end-user-7" } },
      )
      .withResponse();
    assert.ok(data.choices[0]?.message.content);
    assert.equal(data.choices[0]?.finish_reason, "stop");
    assert.equal(response.headers.get("x-waybill-cost-usd"), "0.000026");
    assert.equal(response.headers.get("x-waybill-model"), "scripted-1");
    assert.equal(response.headers.get("x-waybill-attempts"), "1");
    assert.match(requestId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const [row] = (await booksAreRight(stack, { attempts })).filter((booked) =>
      booked.attempt_id.startsWith(`${requestId}.`),
    );
    assert.equal(row?.outcome, "success");
    assert.equal(row?.token_source, "provider");
    assert.equal(Number(row?.cost_usd), 0.000026);
    assert.equal(row?.input_tokens, 10n);
    assert.equal(row?.output_tokens, 4n);
    const [who] = await stack.sql(
      "SELECT organisation_id, organisation_name, team_id, user_id, end_user_id, key_id, price_version, simulated FROM ledger.attempt WHERE request_id = $1",
      [requestId],
    );
    assert.equal(who?.organisation_id, "acme");
    assert.equal(who?.team_id, "support");
    assert.equal(who?.end_user_id, "end-user-7");
    assert.ok(who?.user_id && who.key_id && who.price_version);
  });

  it("streams to the official client; usage and cost come only when asked for", async () => {
    attempts += 2;
    const client = openaiClient(stack);
    const request = {
      model: "scripted/scripted-1",
      messages: [{ role: "user" as const, content: "hi" }],
      stream: true as const,
      x_script: { ...TEN_IN_FOUR_OUT, chunks: 4 },
    };
    let text = "";
    for await (const chunk of await client.chat.completions.create(request)) {
      text += chunk.choices[0]?.delta.content ?? "";
      assert.equal(chunk.usage ?? null, null, "the usage chunk is stripped");
    }
    assert.ok(text.length > 0);
    const asked = await client.chat.completions.create({ ...request, stream_options: { include_usage: true } });
    let last: OpenAI.ChatCompletionChunk | undefined;
    for await (const chunk of asked) last = chunk;
    assert.equal(last?.usage?.prompt_tokens, 10);
    assert.equal((last as unknown as { waybill: { cost_usd: string } }).waybill.cost_usd, "0.000026");
    await booksAreRight(stack, { attempts });
  });

  it("sends paying users to the better model and everybody else to the cheaper one", async () => {
    attempts += 2;
    const paid = await ask(stack, { model: "dynamic/support", headers: { "x-user-plan": "paid" } });
    assert.equal(paid.headers.get("x-waybill-model"), "scripted-2");
    assert.match(paid.headers.get("x-waybill-route") ?? "", /^support@v\d+$/);
    const free = await ask(stack, { model: "dynamic/support" });
    assert.equal(free.headers.get("x-waybill-model"), "scripted-1");
    assert.equal(paid.status, 200);
    assert.equal(free.status, 200);
  });

  it("falls back invisibly when the first model fails before content", async () => {
    attempts += 2;
    stack.provider.setForModel("scripted-1", { fault: { kind: "status", status: 500 } });
    const end = await readStream(await ask(stack, { model: "dynamic/support", stream: true }));
    stack.provider.reset();
    assert.equal(end.done, true);
    assert.equal(end.errorCode, undefined);
    await eventually(async () => (await bookedAttempts(stack)).length >= attempts, { reason: "both attempts booked" });
    const booked = (await bookedAttempts(stack)).filter(({ attempt_id }) => attempt_id.startsWith(end.requestId));
    assert.deepEqual(
      booked.map(({ outcome, model }) => `${outcome} ${model}`),
      ["failed_free scripted-1", "success scripted-2"],
    );
  });

  it("accepts an alias and a bare model name", async () => {
    attempts += 2;
    assert.equal((await ask(stack, { model: "cheaper" })).headers.get("x-waybill-model"), "scripted-1");
    assert.equal((await ask(stack, { model: "scripted-2" })).headers.get("x-waybill-model"), "scripted-2");
  });

  it("lists models, aliases and routes", async () => {
    const ids: string[] = [];
    for await (const model of openaiClient(stack).models.list()) ids.push(model.id);
    for (const id of ["scripted/scripted-1", "cheaper", "dynamic/support"]) assert.ok(ids.includes(id), id);
  });

  it("shows finance the costs and nothing else", async () => {
    const client = await connectOnce(stack.financeUrl, "finance-test");
    try {
      await eventually(
        async () => {
          const { rows } = await client.query("SELECT * FROM finance.cost_by_team_day WHERE team = 'Support'");
          return rows.length > 0 || (await client.query("SELECT * FROM finance.cost_by_team_day")).rows.length > 0;
        },
        { reason: "a row in finance.cost_by_team_day" },
      );
      const { rows } = await client.query("SELECT * FROM finance.cost_by_team_day");
      assert.deepEqual(Object.keys(rows[0] ?? {}).slice(0, 9), [
        "day",
        "organisation",
        "team",
        "requests",
        "attempts",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "estimated_cost_usd",
      ]);
      await assert.rejects(client.query("SELECT * FROM ledger.entry"), /permission denied/);
      await assert.rejects(client.query("SELECT * FROM accounts.virtual_key"), /permission denied/);
    } finally {
      await client.end();
    }
  });

  it("books the call of a client that leaves mid-stream, and stops the provider", async () => {
    attempts += 1;
    const leave = new AbortController();
    const response = await ask(stack, {
      stream: true,
      script: { chunks: 200, gapMs: 20, outputTokens: 200 },
      signal: leave.signal,
    });
    const reading = readStream(response, (text) => {
      if (text.length > 20) leave.abort();
    });
    await reading;
    const booked = await booksAreRight(stack, { attempts });
    const row = booked.find(({ attempt_id }) => attempt_id.startsWith(response.headers.get("x-request-id") ?? "-"));
    assert.equal(row?.outcome, "partial");
    assert.ok(row && row.output_tokens > 0n && row.output_tokens < 200n);
    assert.equal(stack.provider.log.entries().at(-1)?.end, "client_aborted");
  });

  it("refuses with 402 when the budget is used up: one attempt by the client, and it says which budget and until when", async () => {
    await stack.sql("UPDATE budget.budget SET limit_pico_usd = 1000000000 WHERE team_id = 'research'");
    const key = stack.keys.research_1;
    let error: unknown;
    let served = 0;
    for (let tries = 0; tries < 60 && !error; tries += 1) {
      try {
        await openaiClient(stack, key, 2).chat.completions.create({
          model: "scripted/scripted-1",
          messages: [{ role: "user", content: "hi" }],
          max_tokens: 4,
          // @ts-expect-error -- an unknown field passes through to the provider
          x_script: TEN_IN_FOUR_OUT,
        });
        served += 1;
      } catch (thrown) {
        error = thrown;
      }
    }
    attempts += served;
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.status, 402);
    assert.equal(error.code, "budget_exceeded");
    assert.match(error.message, /research/i);
    assert.match(error.message, /resets at \d{4}-/);
    assert.ok(served >= 10 && served <= 38, `${served} requests of $0.000026 were served on $0.001`);
    await booksAreRight(stack, { attempts });
    const [row] = await stack.sql<{ over: boolean }>(
      "SELECT bool_or(posted_pico_usd > limit_pico_usd) AS over FROM budget.budget_window",
    );
    assert.equal(row?.over, false);
    assert.equal((await budgetBalance(stack)).held, 0n);
  });
});
